# A small module for tests of what goes wrong: the order of its resources is
# that of the arrows between them.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.47"
    }
  }
}

variable "cluster_name" {
  type    = string
  default = "demo"
}

variable "region" {
  type    = string
  default = "us-east-1"
}

variable "zone" {
  type    = string
  default = "us-east-1a"
}

variable "type" {
  type    = string
  default = "t3.medium"
}

variable "control_planes" {
  type    = number
  default = 2
}

provider "aws" {
  region = var.region
}

resource "aws_vpc" "cluster" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "cluster" {
  vpc_id            = aws_vpc.cluster.id
  cidr_block        = cidrsubnet(aws_vpc.cluster.cidr_block, 4, 1)
  availability_zone = var.zone
}

resource "aws_key_pair" "cluster" {
  key_name   = var.cluster_name
  public_key = "ssh-ed25519 AAAA demo"
}

resource "aws_instance" "control_plane" {
  count         = var.control_planes
  ami           = "ami-0123456789abcdef0"
  instance_type = var.type
  key_name      = aws_key_pair.cluster.key_name
  subnet_id     = aws_subnet.cluster.id
  private_ip    = cidrhost(aws_subnet.cluster.cidr_block, 10 + count.index)
  tags          = { Name = "${var.cluster_name}-control-plane-${count.index}" }
}

output "endpoint" {
  value = "${aws_instance.control_plane[0].private_ip}:6443"
}

output "machines" {
  value = [for i, m in aws_instance.control_plane : {
    name      = "${var.cluster_name}-control-plane-${i}"
    role      = "control-plane"
    address   = m.private_ip
    transport = { ssh = { host = m.public_ip, user = "ubuntu", identityFile = "pki/ssh" } }
  }]
}
