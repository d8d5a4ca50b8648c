locals {
  control_planes = [for i in range(var.control_planes) : {
    name = "${var.cluster_name}-control-plane-${i}"
    zone = var.zones[i % length(var.zones)]
  }]

  images = {
    ubuntu  = { owner = "099720109477", name = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-${var.arch}-server-*", user = "ubuntu" }
    debian  = { owner = "136693071363", name = "debian-13-${var.arch}-*", user = "admin" }
    flatcar = { owner = "075585003325", name = "Flatcar-stable-*", user = "core" }
  }
  image        = local.images[var.image]
  architecture = var.arch == "arm64" ? "arm64" : "x86_64" # in the words of EC2
}

# The newest image of that system.
data "aws_ami" "machine" {
  owners      = [local.image.owner]
  most_recent = true

  filter {
    name   = "name"
    values = [local.image.name]
  }
  filter {
    name   = "architecture"
    values = [local.architecture]
  }
  filter {
    name   = "virtualization-type"
    values = ["hvm"]
  }
}

# What can be wrong with a type is said before anything is made: reading one that
# the region does not have is an error of its own.
data "aws_ec2_instance_type" "machine" {
  for_each      = toset(concat([var.control_plane_type], [for pool in var.pools : pool.type]))
  instance_type = each.key

  lifecycle {
    postcondition {
      condition     = contains(self.supported_architectures, local.architecture)
      error_message = "The instance type ${each.key} has no ${var.arch} processors: change the type, or arch."
    }
    postcondition {
      condition     = self.hypervisor != "xen"
      error_message = "The instance type ${each.key} is older than AWS Nitro, and names its disks otherwise: take a newer one, such as t3.medium."
    }
  }
}

resource "aws_key_pair" "control_planes" {
  key_name   = "${var.cluster_name}-control-planes"
  public_key = trimspace(var.ssh_public_key)
}

# What stays when a machine is replaced: its address, its public address, and
# etcd's data.
resource "aws_network_interface" "control_plane" {
  for_each        = { for m in local.control_planes : m.name => m }
  description     = each.key
  subnet_id       = aws_subnet.public[each.value.zone].id
  security_groups = [aws_security_group.role["control-plane"].id]
  tags            = { Name = each.key }
}

resource "aws_eip" "control_plane" {
  for_each          = { for m in local.control_planes : m.name => m }
  domain            = "vpc"
  network_interface = aws_network_interface.control_plane[each.key].id
  tags              = { Name = each.key }

  depends_on = [aws_internet_gateway.cluster]
}

# Without the tag of a CSI driver's volumes: it may not touch these.
resource "aws_ebs_volume" "etcd" {
  for_each          = { for m in local.control_planes : m.name => m }
  availability_zone = each.value.zone
  type              = "gp3"
  size              = var.etcd_disk
  encrypted         = true
  tags              = { Name = "${each.key}-etcd" }
}

resource "aws_instance" "control_plane" {
  for_each             = { for m in local.control_planes : m.name => m }
  ami                  = data.aws_ami.machine.id
  instance_type        = data.aws_ec2_instance_type.machine[var.control_plane_type].instance_type
  key_name             = aws_key_pair.control_planes.key_name
  iam_instance_profile = aws_iam_instance_profile.role["control-plane"].name

  primary_network_interface {
    network_interface_id = aws_network_interface.control_plane[each.key].id
  }

  # Pods are one hop further away: they get no credentials of the machine.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = var.control_plane_disk
    encrypted   = true
    tags        = { Name = each.key }
  }

  tags = merge(local.owned, { Name = each.key })

  lifecycle {
    # A newer image is for new machines, and replaces none.
    ignore_changes = [ami]
  }
}

resource "aws_volume_attachment" "etcd" {
  for_each    = aws_instance.control_plane
  device_name = "/dev/sdf"
  instance_id = each.value.id
  volume_id   = aws_ebs_volume.etcd[each.key].id

  # etcd writes its last, and the file system is clean, before the disk is gone.
  stop_instance_before_detaching = true
}
