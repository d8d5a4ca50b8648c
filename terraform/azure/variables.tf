# Every cloud's module has these variables; only defaults and what a value may
# look like differ.
variable "cluster_name" {
  description = "Name of the cluster: a DNS label of at most 30 characters."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?$", var.cluster_name))
    error_message = "cluster_name has 1 to 30 characters a-z, 0-9 and -, and neither starts nor ends with -."
  }
}

variable "region" {
  description = "Region of all machines."
  type        = string
  default     = "westeurope"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]+$", var.region))
    error_message = "region is the name of a region as `az account list-locations` writes it, such as westeurope."
  }
}

variable "zones" {
  description = "Numbers of availability zones that machines are spread over in turn. Add new ones at the end: control planes keep their zones then."
  type        = list(string)
  default     = ["1"]

  validation {
    condition = (
      length(var.zones) >= 1 && length(distinct(var.zones)) == length(var.zones) &&
      alltrue([for zone in var.zones : contains(["1", "2", "3"], zone)])
    )
    error_message = "zones are different ones of 1, 2 and 3."
  }
}

variable "arch" {
  description = "Processors of all machines: amd64 or arm64."
  type        = string
  default     = "amd64"

  validation {
    condition     = contains(["amd64", "arm64"], var.arch)
    error_message = "arch is amd64 or arm64."
  }
}

variable "image" {
  description = "System on all machines: ubuntu (24.04 LTS), debian (13) or flatcar (stable)."
  type        = string
  default     = "ubuntu"

  validation {
    condition     = contains(["ubuntu", "debian", "flatcar"], var.image)
    error_message = "image is ubuntu, debian or flatcar."
  }
}

variable "control_planes" {
  description = "Number of control-plane machines: an odd one."
  type        = number
  default     = 1

  validation {
    condition     = contains([1, 3, 5, 7, 9], var.control_planes)
    error_message = "control_planes is 1, 3, 5, 7 or 9: etcd wants an odd number."
  }
}

variable "control_plane_type" {
  description = "Size of control planes: one that takes premium disks, with an s in its last part."
  type        = string
  default     = "Standard_B2s"

  validation {
    condition     = can(regex("^Standard_[A-Za-z0-9_-]+$", var.control_plane_type))
    error_message = "control_plane_type is a size of virtual machines, such as Standard_B2s."
  }
}

variable "control_plane_disk" {
  description = "Root disk of a control plane in GB."
  type        = number
  default     = 50

  validation {
    condition     = var.control_plane_disk >= 20 && var.control_plane_disk <= 16384 && floor(var.control_plane_disk) == var.control_plane_disk
    error_message = "control_plane_disk is a whole number from 20 to 16384 GB."
  }
}

variable "etcd_disk" {
  description = "Disk of etcd, one per control plane, in GB."
  type        = number
  default     = 20

  validation {
    condition     = var.etcd_disk >= 10 && var.etcd_disk <= 1024 && floor(var.etcd_disk) == var.etcd_disk
    error_message = "etcd_disk is a whole number from 10 to 1024 GB."
  }
}

variable "load_balancer" {
  description = "Whether a load balancer is before the API server. With more than one control plane there always is one."
  type        = bool
  default     = true
}

variable "subnet" {
  description = "IPv4 range of the machines' network: a prefix of /16 to /24."
  type        = string
  default     = "10.0.0.0/16"

  validation {
    # The last part holds only for a prefix without host bits.
    condition = (
      can(cidrhost(var.subnet, 254)) &&
      can(regex("^[0-9.]+/(1[6-9]|2[0-4])$", var.subnet)) &&
      try(cidrhost(var.subnet, 0), "") == try(split("/", var.subnet)[0], "-")
    )
    error_message = "subnet is an IPv4 prefix of /16 to /24 whose host bits are zero, such as 10.0.0.0/16."
  }
}

variable "pod_cidr" {
  description = "IPv4 range of the pods. Machines never use it; it is here to be kept apart from subnet."
  type        = string
  default     = "10.244.0.0/16"

  validation {
    condition     = can(cidrhost(var.pod_cidr, 0)) && can(regex("^[0-9.]+/[0-9]+$", var.pod_cidr))
    error_message = "pod_cidr is an IPv4 prefix, such as 10.244.0.0/16."
  }
}

variable "api_cidrs" {
  description = "IPv4 ranges from which the API server's port is open. The machines themselves always reach it."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.api_cidrs : can(regex("^[0-9.]+/[0-9]+$", cidr)) && try(cidrhost(cidr, 0), "") == split("/", cidr)[0]])
    error_message = "api_cidrs are IPv4 prefixes whose host bits are zero, such as 198.51.100.0/24 or 203.0.113.7/32."
  }
}

variable "ssh_cidrs" {
  description = "IPv4 ranges from which the SSH port of control planes is open; nobody reaches that of a worker."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.ssh_cidrs : can(regex("^[0-9.]+/[0-9]+$", cidr)) && try(cidrhost(cidr, 0), "") == split("/", cidr)[0]])
    error_message = "ssh_cidrs are IPv4 prefixes whose host bits are zero, such as 198.51.100.0/24 or 203.0.113.7/32."
  }
}

variable "ssh_public_key" {
  description = "Public key of the control planes' user, in the form of OpenSSH."
  type        = string

  validation {
    condition     = can(regex("^ssh-rsa [A-Za-z0-9+/=]+", var.ssh_public_key))
    error_message = "ssh_public_key starts with ssh-rsa: Azure wants an RSA key."
  }
}

variable "pools" {
  description = "Pools of workers by name. A pool's user_data is what its machines boot with; endpoint.turnup.invalid in it becomes the endpoint's host."
  type = map(object({
    count     = number
    type      = string
    disk      = number # GB
    spot      = bool
    labels    = map(string)
    taints    = list(string) # key=value:Effect
    user_data = string
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.pools) : can(regex("^[a-z]([-a-z0-9]{0,13}[a-z0-9])?$", name))])
    error_message = "A pool's name has 1 to 15 characters a-z, 0-9 and -, starts with a letter and does not end with -."
  }

  validation {
    condition     = alltrue([for pool in var.pools : pool.count >= 0 && pool.count <= 1000 && floor(pool.count) == pool.count])
    error_message = "A pool's count is a whole number from 0 to 1000."
  }

  validation {
    condition     = alltrue([for pool in var.pools : pool.disk >= 20 && pool.disk <= 16384 && floor(pool.disk) == pool.disk])
    error_message = "A pool's disk is a whole number from 20 to 16384 GB."
  }

  validation {
    condition     = alltrue([for pool in var.pools : can(regex("^Standard_[A-Za-z0-9_-]+$", pool.type))])
    error_message = "A pool's type is a size of virtual machines, such as Standard_D2s_v5."
  }

  validation {
    # Azure counts the characters of base64.
    condition     = alltrue([for pool in var.pools : length(base64encode(pool.user_data)) <= 64000])
    error_message = "A pool's user_data has at most 48,000 bytes: Azure takes 64 KiB of base64."
  }
}
