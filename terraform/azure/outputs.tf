output "endpoint" {
  description = "host:port that kubelets and admins dial: the load balancer, or the only control plane."
  value       = "${local.endpoint_host}:6443"
}

output "machines" {
  description = "The control planes as in machines.json."
  value = [for m in local.control_planes : {
    name       = m.name
    role       = "control-plane"
    address    = m.address
    etcdDevice = local.etcd_device
    transport = {
      ssh = {
        host         = azurerm_public_ip.control_plane[m.name].ip_address
        user         = local.image.user
        identityFile = "pki/ssh"
      }
    }
  }]

  # Who reads this is about to dial them.
  depends_on = [
    azurerm_network_security_rule.port,
    azurerm_subnet_network_security_group_association.role,
    azurerm_virtual_machine_data_disk_attachment.etcd,
  ]
}

output "groups" {
  description = "The pools of workers as in machines.json."
  value = [for name, pool in var.pools : {
    name    = "${var.cluster_name}-${name}"
    count   = pool.count
    subnets = azurerm_subnet.role["workers"].address_prefixes
    labels  = pool.labels
    taints  = pool.taints
  }]
}

output "cloud" {
  description = "What the cloud controller and the CSI driver have to be told, as in machines.json."
  value = {
    subscription = split("/", azurerm_resource_group.cluster.id)[2]
    tenant       = azurerm_user_assigned_identity.control_plane.tenant_id
    identity     = azurerm_user_assigned_identity.control_plane.client_id
  }
}
