# What may talk to whom: the one table of ports. All else that comes in is
# dropped; whatever goes out may. A network security group is that of a subnet.
locals {
  all = values(local.subnets)

  # Machines dial the endpoint's public address, and so come from their own.
  own_addresses = concat([azurerm_public_ip.egress.ip_address], [for ip in azurerm_public_ip.control_plane : ip.ip_address])

  ports = {
    control-planes = {
      api      = { priority = 100, protocol = "Tcp", port = "6443", from = local.all }
      api-own  = { priority = 110, protocol = "Tcp", port = "6443", from = local.own_addresses }
      api-from = { priority = 120, protocol = "Tcp", port = "6443", from = var.api_cidrs }
      ssh      = { priority = 130, protocol = "Tcp", port = "22", from = var.ssh_cidrs }
      etcd     = { priority = 140, protocol = "Tcp", port = "2379-2380", from = [local.subnets.control-planes] }
      kubelet  = { priority = 150, protocol = "Tcp", port = "10250", from = local.all }
      vxlan    = { priority = 160, protocol = "Udp", port = "8472", from = local.all }
      icmp     = { priority = 170, protocol = "Icmp", port = "*", from = local.all }
    }
    workers = {
      kubelet = { priority = 150, protocol = "Tcp", port = "10250", from = local.all }
      vxlan   = { priority = 160, protocol = "Udp", port = "8472", from = local.all }
      icmp    = { priority = 170, protocol = "Icmp", port = "*", from = local.all }
    }
  }
  rules = merge([for subnet, ports in local.ports : {
    for name, port in ports : "${subnet}: ${name}" => merge(port, { subnet = subnet, name = name }) if length(port.from) > 0
  }]...)
}

resource "azurerm_network_security_group" "role" {
  for_each            = local.subnets
  name                = "${var.cluster_name}-${each.key}"
  resource_group_name = azurerm_resource_group.cluster.name
  location            = azurerm_resource_group.cluster.location
  tags                = local.tags
}

resource "azurerm_network_security_rule" "port" {
  for_each                    = local.rules
  name                        = each.value.name
  resource_group_name         = azurerm_resource_group.cluster.name
  network_security_group_name = azurerm_network_security_group.role[each.value.subnet].name
  priority                    = each.value.priority
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = each.value.protocol
  source_address_prefixes     = each.value.from
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = each.value.port
}

# Health checks of load balancers: 6443, and 10256 for Services. They come from
# Azure itself.
resource "azurerm_network_security_rule" "health" {
  for_each                    = local.subnets
  name                        = "health"
  resource_group_name         = azurerm_resource_group.cluster.name
  network_security_group_name = azurerm_network_security_group.role[each.key].name
  priority                    = 180
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_address_prefix       = "AzureLoadBalancer"
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "*"
}

# Azure's own last rules let machines of one network talk to each other. The cloud
# controller's rules are from 500 on, before this one.
resource "azurerm_network_security_rule" "nothing_else" {
  for_each                    = local.subnets
  name                        = "nothing-else"
  resource_group_name         = azurerm_resource_group.cluster.name
  network_security_group_name = azurerm_network_security_group.role[each.key].name
  priority                    = 4096
  direction                   = "Inbound"
  access                      = "Deny"
  protocol                    = "*"
  source_address_prefix       = "*"
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "*"
}

resource "azurerm_subnet_network_security_group_association" "role" {
  for_each                  = local.subnets
  subnet_id                 = azurerm_subnet.role[each.key].id
  network_security_group_id = azurerm_network_security_group.role[each.key].id
}
