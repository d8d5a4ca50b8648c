locals {
  zones = { for i, zone in var.zones : zone => i }

  # If not everybody may reach the load balancer, workers need addresses that its
  # firewall can name: those of NAT gateways. Without one they come by private
  # addresses, see endpoint_host.
  restricted = local.load_balancer && !contains(var.api_cidrs, "0.0.0.0/0")

  # Two prefixes share an address if they are the same up to the shorter length.
  shorter = min(tonumber(split("/", var.subnet)[1]), tonumber(split("/", var.pod_cidr)[1]))
  overlap = (
    cidrhost("${split("/", var.subnet)[0]}/${local.shorter}", 0) ==
    cidrhost("${split("/", var.pod_cidr)[0]}/${local.shorter}", 0)
  )

  # By this tag a cloud controller and a CSI driver find, and may change, what is theirs.
  owned = { "kubernetes.io/cluster/${var.cluster_name}" = "owned" }
}

data "aws_availability_zones" "region" {
  state = "available"
}

resource "aws_vpc" "cluster" {
  cidr_block           = var.subnet
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.cluster_name }

  lifecycle {
    precondition {
      condition     = !local.overlap
      error_message = "subnet ${var.subnet} and pod_cidr ${var.pod_cidr} share addresses: change one of them."
    }
    precondition {
      condition     = length(setsubtract(var.zones, data.aws_availability_zones.region.names)) == 0
      error_message = "zones: ${var.region} has ${join(", ", data.aws_availability_zones.region.names)}, and no ${join(", ", setsubtract(var.zones, data.aws_availability_zones.region.names))}."
    }
  }
}

# Control planes and load balancers: the first quarter of the range, a sixteenth
# of the whole per zone.
resource "aws_subnet" "public" {
  for_each          = local.zones
  vpc_id            = aws_vpc.cluster.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.subnet, 4, each.value)

  tags = merge(local.owned, {
    Name                     = "${var.cluster_name}-public-${each.key}"
    "kubernetes.io/role/elb" = "1"
  })
}

# Workers: a quarter of the range per zone.
resource "aws_subnet" "workers" {
  for_each          = local.zones
  vpc_id            = aws_vpc.cluster.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.subnet, 2, 1 + each.value)

  tags = merge(local.owned, {
    Name                              = "${var.cluster_name}-workers-${each.key}"
    "kubernetes.io/role/internal-elb" = "1"
  })
}

resource "aws_internet_gateway" "cluster" {
  vpc_id = aws_vpc.cluster.id
  tags   = { Name = var.cluster_name }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.cluster.id
  tags   = { Name = "${var.cluster_name}-public" }
}

resource "aws_route" "public" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.cluster.id
}

resource "aws_route_table_association" "public" {
  for_each       = local.zones
  route_table_id = aws_route_table.public.id
  subnet_id      = aws_subnet.public[each.key].id
}

# One per zone, so that a zone that is lost takes no other with it.
resource "aws_route_table" "workers" {
  for_each = local.zones
  vpc_id   = aws_vpc.cluster.id
  tags     = { Name = "${var.cluster_name}-workers-${each.key}" }
}

resource "aws_route" "workers" {
  for_each               = local.zones
  route_table_id         = aws_route_table.workers[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = local.restricted ? null : aws_internet_gateway.cluster.id
  nat_gateway_id         = local.restricted ? aws_nat_gateway.workers[each.key].id : null
}

resource "aws_route_table_association" "workers" {
  for_each       = local.zones
  route_table_id = aws_route_table.workers[each.key].id
  subnet_id      = aws_subnet.workers[each.key].id
}

resource "aws_eip" "nat" {
  for_each = local.restricted ? local.zones : {}
  domain   = "vpc"
  tags     = { Name = "${var.cluster_name}-nat-${each.key}" }

  depends_on = [aws_internet_gateway.cluster]
}

resource "aws_nat_gateway" "workers" {
  for_each      = local.restricted ? local.zones : {}
  subnet_id     = aws_subnet.public[each.key].id
  allocation_id = aws_eip.nat[each.key].id
  tags          = { Name = "${var.cluster_name}-${each.key}" }

  # Its way out has to be there before it, and to go after it.
  depends_on = [aws_route.public]
}
