# What machines may do in Azure, in the cluster's resource group only. A cloud
# controller and a CSI driver's controller run on control planes; nothing on a
# worker asks Azure, and so workers have no identity. Every pod reaches the
# metadata service: on a worker there is nothing to take.
resource "azurerm_user_assigned_identity" "control_plane" {
  name                = "${var.cluster_name}-control-plane"
  resource_group_name = azurerm_resource_group.cluster.name
  location            = azurerm_resource_group.cluster.location
  tags                = local.tags
}

resource "azurerm_role_assignment" "control_plane" {
  for_each = toset([
    "Disk Snapshot Contributor",   # snapshots of volumes
    "Network Contributor",         # load balancers of Services, and rules for them
    "Virtual Machine Contributor", # disks of volumes, and machines that they are attached to
  ])
  scope                            = azurerm_resource_group.cluster.id
  role_definition_name             = each.key
  principal_id                     = azurerm_user_assigned_identity.control_plane.principal_id
  principal_type                   = "ServicePrincipal"
  skip_service_principal_aad_check = true # it is so new that not every directory has it
}
