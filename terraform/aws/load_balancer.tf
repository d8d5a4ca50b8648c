locals {
  load_balancer = var.load_balancer || var.control_planes > 1

  # What everybody dials. The public name of a control plane is its private
  # address inside of the network: there traffic stays inside.
  endpoint_host = local.load_balancer ? aws_lb.api[0].dns_name : aws_eip.control_plane[local.control_planes[0].name].public_dns
}

resource "aws_lb" "api" {
  count                            = local.load_balancer ? 1 : 0
  name                             = var.cluster_name
  load_balancer_type               = "network"
  internal                         = false
  ip_address_type                  = "ipv4"
  subnets                          = [for zone in var.zones : aws_subnet.public[zone].id]
  security_groups                  = [aws_security_group.load_balancer[0].id]
  enable_cross_zone_load_balancing = true

  depends_on = [aws_internet_gateway.cluster]
}

resource "aws_lb_listener" "api" {
  count             = local.load_balancer ? 1 : 0
  load_balancer_arn = aws_lb.api[0].arn
  port              = 6443
  protocol          = "TCP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.api[0].arn
  }
}

resource "aws_lb_target_group" "api" {
  count       = local.load_balancer ? 1 : 0
  name        = var.cluster_name
  vpc_id      = aws_vpc.cluster.id
  port        = 6443
  protocol    = "TCP"
  target_type = "ip" # a replaced machine keeps its address, and stays a target

  # Else a control plane that dials the load balancer and gets itself sees a
  # packet from its own address, and drops it. The price is that audit logs have
  # the load balancer's address.
  preserve_client_ip   = "false"
  deregistration_delay = "30"

  # A server without etcd listens, and is no use.
  health_check {
    protocol            = "HTTPS"
    path                = "/readyz"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_target_group_attachment" "api" {
  for_each         = local.load_balancer ? aws_network_interface.control_plane : {}
  target_group_arn = aws_lb_target_group.api[0].arn
  target_id        = each.value.private_ip
  port             = 6443
}

resource "aws_security_group" "load_balancer" {
  count       = local.load_balancer ? 1 : 0
  name        = "${var.cluster_name}-load-balancer"
  description = "Load balancer of the API server of ${var.cluster_name}"
  vpc_id      = aws_vpc.cluster.id
  tags        = { Name = "${var.cluster_name}-load-balancer" }
}

resource "aws_vpc_security_group_egress_rule" "load_balancer" {
  count                        = local.load_balancer ? 1 : 0
  description                  = "api: to control-plane"
  security_group_id            = aws_security_group.load_balancer[0].id
  referenced_security_group_id = aws_security_group.role["control-plane"].id
  ip_protocol                  = "tcp"
  from_port                    = 6443
  to_port                      = 6443
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  count                        = local.load_balancer ? 1 : 0
  description                  = "api: control-plane from the load balancer"
  security_group_id            = aws_security_group.role["control-plane"].id
  referenced_security_group_id = aws_security_group.load_balancer[0].id
  ip_protocol                  = "tcp"
  from_port                    = 6443
  to_port                      = 6443
}
