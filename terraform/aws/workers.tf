# A pool is an Auto Scaling Group over all zones. Its machines boot with user-data
# and join by themselves; Terraform never sees one.
resource "aws_launch_template" "pool" {
  for_each               = var.pools
  name                   = "${var.cluster_name}-${each.key}"
  description            = "Workers of the cluster ${var.cluster_name}"
  image_id               = data.aws_ami.machine.id
  instance_type          = data.aws_ec2_instance_type.machine[each.value.type].instance_type
  update_default_version = true
  user_data              = base64encode(replace(each.value.user_data, "endpoint.turnup.invalid", local.endpoint_host))

  iam_instance_profile {
    name = aws_iam_instance_profile.role["worker"].name
  }

  # A public address is the way out where there is no NAT gateway. They have it
  # there too, so that api_cidrs can change in both directions under them.
  network_interfaces {
    associate_public_ip_address = true
    delete_on_termination       = true
    security_groups             = [aws_security_group.role["worker"].id]
  }

  # Pods are one hop further away: they do not read user-data.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = data.aws_ami.machine.root_device_name

    ebs {
      volume_type           = "gp3"
      volume_size           = each.value.disk
      encrypted             = true
      delete_on_termination = true
    }
  }

  dynamic "instance_market_options" {
    for_each = each.value.spot ? ["spot"] : []
    content {
      market_type = instance_market_options.value
    }
  }

  # The provider's tags do not reach what the group makes.
  dynamic "tag_specifications" {
    for_each = {
      instance          = local.owned
      volume            = {}
      network-interface = {}
    }
    content {
      resource_type = tag_specifications.key
      tags = merge(tag_specifications.value, {
        Name                 = "${var.cluster_name}-${each.key}"
        "turnup.dev/cluster" = var.cluster_name
      })
    }
  }
}

resource "aws_autoscaling_group" "pool" {
  for_each            = var.pools
  name                = "${var.cluster_name}-${each.key}"
  vpc_zone_identifier = [for zone in var.zones : aws_subnet.workers[zone].id]
  min_size            = each.value.count
  desired_capacity    = each.value.count
  max_size            = each.value.count + 2
  force_delete        = true
  capacity_rebalance  = each.value.spot

  # A new version counts for new machines. There is no instance_refresh: a renewed
  # token or image must not replace workers that run.
  launch_template {
    id      = aws_launch_template.pool[each.key].id
    version = aws_launch_template.pool[each.key].latest_version
  }

  # A machine that fails EC2's checks is replaced; the new one comes first.
  health_check_type         = "EC2"
  health_check_grace_period = 300
  instance_maintenance_policy {
    min_healthy_percentage = 100
    max_healthy_percentage = 200
  }

  # It would end machines that are fine, pods and all, for an even spread.
  suspended_processes = ["AZRebalance"]

  tag {
    key                 = "turnup.dev/cluster"
    value               = var.cluster_name
    propagate_at_launch = false # the launch template does
  }

  # The way out has to be there when the first machine boots.
  depends_on = [
    aws_route.workers,
    aws_route_table_association.workers,
    aws_vpc_security_group_egress_rule.role,
  ]
}
