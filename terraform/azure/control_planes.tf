locals {
  control_planes = [for i in range(var.control_planes) : {
    name    = "${var.cluster_name}-control-plane-${i}"
    zone    = var.zones[i % length(var.zones)]
    address = cidrhost(local.subnets.control-planes, 10 + i)
  }]

  images = {
    ubuntu = {
      publisher = "Canonical"
      offer     = "ubuntu-24_04-lts"
      sku       = { amd64 = "server", arm64 = "server-arm64" }[var.arch]
      user      = "turnup"
    }
    debian = {
      publisher = "Debian"
      offer     = "debian-13"
      sku       = { amd64 = "13-gen2", arm64 = "13-arm64" }[var.arch]
      user      = "turnup"
    }
    # The offers of it that ask nobody to accept terms.
    flatcar = {
      publisher = "kinvolk"
      offer     = { amd64 = "flatcar-container-linux-corevm-amd64", arm64 = "flatcar-container-linux-corevm" }[var.arch]
      sku       = { amd64 = "stable-gen2", arm64 = "stable" }[var.arch]
      user      = "core"
    }
  }
  image = local.images[var.image]

  # Sizes from version 6 on have NVMe disks, which are named otherwise.
  nvme        = can(regex("_v([6-9]|[1-9][0-9]+)$", var.control_plane_type))
  etcd_device = local.nvme ? "/dev/disk/azure/data/by-lun/0" : "/dev/disk/azure/scsi1/lun0"
}

# What stays when a machine is replaced: its address, its public address, and
# etcd's data.
resource "azurerm_public_ip" "control_plane" {
  for_each            = { for m in local.control_planes : m.name => m }
  name                = each.key
  resource_group_name = azurerm_resource_group.cluster.name
  location            = azurerm_resource_group.cluster.location
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = [each.value.zone]
  tags                = local.tags
}

resource "azurerm_network_interface" "control_plane" {
  for_each            = { for m in local.control_planes : m.name => m }
  name                = each.key
  resource_group_name = azurerm_resource_group.cluster.name
  location            = azurerm_resource_group.cluster.location
  tags                = local.tags

  ip_configuration {
    name                          = "machine"
    subnet_id                     = azurerm_subnet.role["control-planes"].id
    private_ip_address_allocation = "Static"
    private_ip_address            = each.value.address
    public_ip_address_id          = azurerm_public_ip.control_plane[each.key].id
  }
}

# Like every managed disk it is encrypted, by a key of Azure's; nobody gets a link
# to its content.
resource "azurerm_managed_disk" "etcd" {
  for_each                      = { for m in local.control_planes : m.name => m }
  name                          = "${each.key}-etcd"
  resource_group_name           = azurerm_resource_group.cluster.name
  location                      = azurerm_resource_group.cluster.location
  zone                          = each.value.zone
  storage_account_type          = "Premium_LRS"
  create_option                 = "Empty"
  disk_size_gb                  = var.etcd_disk
  network_access_policy         = "DenyAll"
  public_network_access_enabled = false
  tags                          = local.tags
}

resource "azurerm_linux_virtual_machine" "control_plane" {
  for_each              = { for m in local.control_planes : m.name => m }
  name                  = each.key
  resource_group_name   = azurerm_resource_group.cluster.name
  location              = azurerm_resource_group.cluster.location
  zone                  = each.value.zone
  size                  = var.control_plane_type
  network_interface_ids = [azurerm_network_interface.control_plane[each.key].id]
  admin_username        = local.image.user
  tags                  = local.tags

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
    name                 = each.key
    caching              = "ReadWrite"
    storage_account_type = "StandardSSD_LRS"
    disk_size_gb         = var.control_plane_disk
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.control_plane.id]
  }

  # The serial console, for a machine that nobody reaches.
  boot_diagnostics {}
}

resource "azurerm_virtual_machine_data_disk_attachment" "etcd" {
  for_each           = azurerm_linux_virtual_machine.control_plane
  virtual_machine_id = each.value.id
  managed_disk_id    = azurerm_managed_disk.etcd[each.key].id
  lun                = 0
  caching            = "None" # etcd waits until a write is on the disk
}
