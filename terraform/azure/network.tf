locals {
  # Azure's networks are in all zones of the region. Control planes get the first
  # quarter of the range, workers its second half.
  subnets = {
    control-planes = cidrsubnet(var.subnet, 2, 0)
    workers        = cidrsubnet(var.subnet, 1, 1)
  }

  # Two prefixes share an address if they are the same up to the shorter length.
  shorter = min(tonumber(split("/", var.subnet)[1]), tonumber(split("/", var.pod_cidr)[1]))
  overlap = (
    cidrhost("${split("/", var.subnet)[0]}/${local.shorter}", 0) ==
    cidrhost("${split("/", var.pod_cidr)[0]}/${local.shorter}", 0)
  )
}

# Everything of the cluster is in it, and nothing else is.
resource "azurerm_resource_group" "cluster" {
  name     = "turnup-${var.cluster_name}"
  location = var.region
  tags     = local.tags

  lifecycle {
    precondition {
      condition     = !local.overlap
      error_message = "subnet ${var.subnet} and pod_cidr ${var.pod_cidr} share addresses: change one of them."
    }
  }
}

resource "azurerm_virtual_network" "cluster" {
  name                = var.cluster_name
  resource_group_name = azurerm_resource_group.cluster.name
  location            = azurerm_resource_group.cluster.location
  address_space       = [var.subnet]
  tags                = local.tags
}

# The way out is said: control planes have public addresses, workers a load balancer.
resource "azurerm_subnet" "role" {
  for_each                        = local.subnets
  name                            = each.key
  resource_group_name             = azurerm_resource_group.cluster.name
  virtual_network_name            = azurerm_virtual_network.cluster.name
  address_prefixes                = [each.value]
  default_outbound_access_enabled = false
}

resource "azurerm_public_ip" "egress" {
  name                = "${var.cluster_name}-egress"
  resource_group_name = azurerm_resource_group.cluster.name
  location            = azurerm_resource_group.cluster.location
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = ["1", "2", "3"]
  tags                = local.tags
}

# Workers go out by it. A machine can be behind one public load balancer, and
# Azure's cloud controller looks for one with the cluster's name: for Services it
# adds to this one what it needs, and leaves alone what is there.
resource "azurerm_lb" "workers" {
  name                = var.cluster_name
  resource_group_name = azurerm_resource_group.cluster.name
  location            = azurerm_resource_group.cluster.location
  sku                 = "Standard"
  tags                = local.tags

  frontend_ip_configuration {
    name                 = "egress"
    public_ip_address_id = azurerm_public_ip.egress.id
  }

  lifecycle {
    # Addresses of Services are the cloud controller's business.
    ignore_changes = [frontend_ip_configuration, tags]
  }
}

resource "azurerm_lb_backend_address_pool" "workers" {
  name            = "egress"
  loadbalancer_id = azurerm_lb.workers.id
}

# 0 is "by the size of the pool": 1,024 ports each for 50 workers, 32 for 1,000.
resource "azurerm_lb_outbound_rule" "workers" {
  name                     = "egress"
  loadbalancer_id          = azurerm_lb.workers.id
  backend_address_pool_id  = azurerm_lb_backend_address_pool.workers.id
  protocol                 = "All"
  allocated_outbound_ports = 0
  idle_timeout_in_minutes  = 30
  tcp_reset_enabled        = true

  frontend_ip_configuration {
    name = "egress"
  }
}
