# cluster_name is part of the name of every object below.
variable "cluster_name" {
  description = "Name of the cluster: a DNS label of at most 30 characters."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?$", var.cluster_name))
    error_message = "cluster_name has 1 to 30 characters a-z, 0-9 and -, and neither starts nor ends with -."
  }
}

variable "control_planes" {
  description = "Number of control-plane machines."
  type        = number
  default     = 1

  validation {
    condition     = var.control_planes >= 1 && var.control_planes <= 9 && floor(var.control_planes) == var.control_planes
    error_message = "control_planes is a whole number from 1 to 9."
  }
}

variable "load_balancer" {
  description = "Whether a load-balancer machine stands before a single control plane; before several there always is one."
  type        = bool
  default     = false
}

variable "workers" {
  description = "Number of worker machines."
  type        = number
  default     = 2

  validation {
    condition     = var.workers >= 0 && var.workers <= 200 && floor(var.workers) == var.workers
    error_message = "workers is a whole number from 0 to 200."
  }
}

variable "subnet" {
  description = "IPv4 range of the machines' Docker network, a prefix of /16 to /24 that nothing else on this computer uses."
  type        = string
  default     = "172.30.0.0/24"

  validation {
    # The last part holds only for a prefix without host bits.
    condition = (
      can(cidrhost(var.subnet, 254)) &&
      can(regex("^[0-9.]+/(1[6-9]|2[0-4])$", var.subnet)) &&
      try(cidrhost(var.subnet, 0), "") == try(split("/", var.subnet)[0], "-")
    )
    error_message = "subnet is an IPv4 prefix of /16 to /24 whose host bits are zero, such as 172.30.0.0/24."
  }
}

variable "mtu" {
  description = "Largest packet of the machines' network in bytes; null takes Docker's default."
  type        = number
  default     = null

  validation {
    condition     = var.mtu == null ? true : var.mtu >= 1280 && var.mtu <= 65535
    error_message = "mtu is a number from 1280 to 65535, or null."
  }
}

variable "image" {
  description = "Machine image: a reference or an ID (sha256:…) of an image that Docker has. An ID never makes Docker pull."
  type        = string

  validation {
    condition     = trimspace(var.image) != ""
    error_message = "image is empty: name the machine image."
  }
}

variable "image_store" {
  description = "Name of an existing Docker volume with an unpacked image store, mounted read-only at /store; null if machines pull their images."
  type        = string
  default     = null
}

variable "control_plane_memory" {
  description = "Memory limit of each control-plane machine in MiB; 0 sets none."
  type        = number
  default     = 0

  validation {
    condition     = var.control_plane_memory == 0 || var.control_plane_memory >= 1024
    error_message = "control_plane_memory is 0 (no limit) or at least 1024 MiB."
  }
}

variable "worker_memory" {
  description = "Memory limit of each worker machine in MiB; 0 sets none."
  type        = number
  default     = 0

  validation {
    condition     = var.worker_memory == 0 || var.worker_memory >= 512
    error_message = "worker_memory is 0 (no limit) or at least 512 MiB."
  }
}
