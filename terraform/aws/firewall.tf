# What may talk to whom: the one table of ports. All else that comes in is
# dropped; whatever goes out may. A security group is a role.
locals {
  ports = {
    api     = { protocol = "tcp", from_port = 6443, to_port = 6443, from = ["control-plane", "worker"], to = ["control-plane"] }
    etcd    = { protocol = "tcp", from_port = 2379, to_port = 2380, from = ["control-plane"], to = ["control-plane"] }
    kubelet = { protocol = "tcp", from_port = 10250, to_port = 10250, from = ["control-plane", "worker"], to = ["control-plane", "worker"] }
    vxlan   = { protocol = "udp", from_port = 8472, to_port = 8472, from = ["control-plane", "worker"], to = ["control-plane", "worker"] }
    icmp    = { protocol = "icmp", from_port = -1, to_port = -1, from = ["control-plane", "worker"], to = ["control-plane", "worker"] }
  }
  rules = merge([for name, port in local.ports : {
    for pair in setproduct(port.to, port.from) : "${name}: ${pair[0]} from ${pair[1]}" => merge(port, { to = pair[0], from = pair[1] })
  }]...)

  # Machines dial the load balancer by its public address, and so come from their own.
  api_clients = merge(
    { for cidr in var.api_cidrs : cidr => cidr },
    local.restricted ? { for name, eip in aws_eip.control_plane : name => "${eip.public_ip}/32" } : {},
    local.restricted ? { for zone, eip in aws_eip.nat : "nat ${zone}" => "${eip.public_ip}/32" } : {},
  )
}

resource "aws_security_group" "role" {
  for_each    = toset(["control-plane", "worker"])
  name        = "${var.cluster_name}-${each.key}"
  description = "Machines of the cluster ${var.cluster_name}: ${each.key}"
  vpc_id      = aws_vpc.cluster.id

  # A cloud controller adds its rules to the one group that has this tag.
  tags = merge(local.owned, { Name = "${var.cluster_name}-${each.key}" })
}

resource "aws_vpc_security_group_ingress_rule" "inside" {
  for_each                     = local.rules
  description                  = each.key
  security_group_id            = aws_security_group.role[each.value.to].id
  referenced_security_group_id = aws_security_group.role[each.value.from].id
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.from_port
  to_port                      = each.value.to_port
}

# The health of kube-proxy, for load balancers of Services: they are in this network.
resource "aws_vpc_security_group_ingress_rule" "health" {
  description       = "health: worker from load balancers"
  security_group_id = aws_security_group.role["worker"].id
  cidr_ipv4         = var.subnet
  ip_protocol       = "tcp"
  from_port         = 10256
  to_port           = 10256
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  for_each          = toset(var.ssh_cidrs)
  description       = "ssh: control-plane from ${each.key}"
  security_group_id = aws_security_group.role["control-plane"].id
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

# The API server from outside: of the load balancer, or of the only control plane.
resource "aws_vpc_security_group_ingress_rule" "api" {
  for_each          = local.api_clients
  description       = "api: from ${each.key}"
  security_group_id = local.load_balancer ? aws_security_group.load_balancer[0].id : aws_security_group.role["control-plane"].id
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 6443
  to_port           = 6443
}

resource "aws_vpc_security_group_egress_rule" "role" {
  for_each          = aws_security_group.role
  description       = "${each.key}: to anywhere"
  security_group_id = each.value.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}
