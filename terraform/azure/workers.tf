# A pool is a scale set over all zones. Its machines boot with user-data and join
# by themselves; Terraform never sees one. It is a uniform one: only there a host
# is named after the prefix, and a model that changes waits for new machines.
resource "azurerm_linux_virtual_machine_scale_set" "pool" {
  for_each             = var.pools
  name                 = "${var.cluster_name}-${each.key}"
  computer_name_prefix = "${var.cluster_name}-${each.key}-"
  resource_group_name  = azurerm_resource_group.cluster.name
  location             = azurerm_resource_group.cluster.location
  zones                = var.zones
  sku                  = each.value.type
  instances            = each.value.count
  tags                 = local.tags

  # Pods read user data from Azure's metadata service, and nobody custom data.
  custom_data = base64encode(replace(each.value.user_data, "endpoint.turnup.invalid", local.endpoint_host))

  # A changed model counts for new machines: a renewed token or image must not
  # replace workers that run. More machines than asked for would join, and vanish.
  upgrade_mode           = "Manual"
  overprovision          = false
  single_placement_group = false

  priority        = each.value.spot ? "Spot" : "Regular"
  eviction_policy = each.value.spot ? "Delete" : null
  max_bid_price   = each.value.spot ? -1 : null

  dynamic "spot_restore" {
    for_each = each.value.spot ? ["PT1H"] : []
    content {
      enabled = true
      timeout = spot_restore.value
    }
  }

  # Azure wants a key. Nobody reaches the port.
  admin_username = local.image.user
  admin_ssh_key {
    username   = local.image.user
    public_key = trimspace(var.ssh_public_key)
  }

  source_image_reference {
    publisher = local.image.publisher
    offer     = local.image.offer
    sku       = local.image.sku
    version   = "latest"
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "StandardSSD_LRS"
    disk_size_gb         = each.value.disk
  }

  network_interface {
    name    = "machine"
    primary = true

    ip_configuration {
      name                                   = "machine"
      primary                                = true
      subnet_id                              = azurerm_subnet.role["workers"].id
      load_balancer_backend_address_pool_ids = [azurerm_lb_backend_address_pool.workers.id]
    }
  }

  # A machine whose kubelet does not listen is deleted, and made anew. The kubelet,
  # not kube-proxy: a bad commit to an addon must not end machines.
  extension {
    name                       = "kubelet"
    publisher                  = "Microsoft.ManagedServices"
    type                       = "ApplicationHealthLinux"
    type_handler_version       = "1.0"
    auto_upgrade_minor_version = true
    settings                   = jsonencode({ protocol = "tcp", port = 10250 })
  }
  automatic_instance_repair {
    enabled      = true
    action       = "Replace"
    grace_period = "PT30M"
  }

  boot_diagnostics {}

  lifecycle {
    # For Services the cloud controller adds a pool of its own.
    ignore_changes = [network_interface[0].ip_configuration[0].load_balancer_backend_address_pool_ids]
  }

  # The way out has to be there when the first machine boots.
  depends_on = [
    azurerm_lb_outbound_rule.workers,
    azurerm_network_security_rule.port,
    azurerm_subnet_network_security_group_association.role,
  ]
}
