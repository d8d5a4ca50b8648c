locals {
  load_balancer = var.load_balancer || var.control_planes > 1

  # What everybody dials, machines too.
  endpoint_host = local.load_balancer ? azurerm_public_ip.api[0].ip_address : azurerm_public_ip.control_plane[local.control_planes[0].name].ip_address
}

resource "azurerm_public_ip" "api" {
  count               = local.load_balancer ? 1 : 0
  name                = "${var.cluster_name}-api"
  resource_group_name = azurerm_resource_group.cluster.name
  location            = azurerm_resource_group.cluster.location
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = ["1", "2", "3"]
  tags                = local.tags
}

# Packets arrive as they were sent: the firewall and audit logs see who sent them.
resource "azurerm_lb" "api" {
  count               = local.load_balancer ? 1 : 0
  name                = "${var.cluster_name}-api"
  resource_group_name = azurerm_resource_group.cluster.name
  location            = azurerm_resource_group.cluster.location
  sku                 = "Standard"
  tags                = local.tags

  frontend_ip_configuration {
    name                 = "api"
    public_ip_address_id = azurerm_public_ip.api[0].id
  }
}

resource "azurerm_lb_backend_address_pool" "api" {
  count           = local.load_balancer ? 1 : 0
  name            = "control-planes"
  loadbalancer_id = azurerm_lb.api[0].id
}

# A server without etcd listens, and is no use.
resource "azurerm_lb_probe" "api" {
  count               = local.load_balancer ? 1 : 0
  name                = "readyz"
  loadbalancer_id     = azurerm_lb.api[0].id
  protocol            = "Https"
  port                = 6443
  request_path        = "/readyz"
  interval_in_seconds = 5
  probe_threshold     = 2
}

resource "azurerm_lb_rule" "api" {
  count                          = local.load_balancer ? 1 : 0
  name                           = "api"
  loadbalancer_id                = azurerm_lb.api[0].id
  frontend_ip_configuration_name = "api"
  backend_address_pool_ids       = [azurerm_lb_backend_address_pool.api[0].id]
  probe_id                       = azurerm_lb_probe.api[0].id
  protocol                       = "Tcp"
  frontend_port                  = 6443
  backend_port                   = 6443
  idle_timeout_in_minutes        = 30
  tcp_reset_enabled              = true
  disable_outbound_snat          = true # control planes go out by their own addresses
}

resource "azurerm_network_interface_backend_address_pool_association" "api" {
  for_each                = local.load_balancer ? azurerm_network_interface.control_plane : {}
  network_interface_id    = each.value.id
  ip_configuration_name   = "machine"
  backend_address_pool_id = azurerm_lb_backend_address_pool.api[0].id
}
