output "endpoint" {
  description = "host:port that kubelets and admins dial: the load balancer, or the only control plane."
  value       = "${local.endpoint_host}:6443"
}

output "machines" {
  description = "The control planes as in machines.json."
  value = [for m in local.control_planes : {
    name    = m.name
    role    = "control-plane"
    address = aws_network_interface.control_plane[m.name].private_ip
    # Nitro names a disk after its volume, without the dash.
    etcdDevice = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${replace(aws_ebs_volume.etcd[m.name].id, "-", "")}"
    transport = {
      ssh = {
        host         = aws_eip.control_plane[m.name].public_ip
        user         = local.image.user
        identityFile = "pki/ssh"
      }
    }
  }]

  # Who reads this is about to dial them.
  depends_on = [aws_instance.control_plane, aws_volume_attachment.etcd, aws_vpc_security_group_ingress_rule.ssh]
}

output "groups" {
  description = "The pools of workers as in machines.json."
  value = [for name, pool in var.pools : {
    name    = "${var.cluster_name}-${name}"
    count   = pool.count
    subnets = [for zone in var.zones : aws_subnet.workers[zone].cidr_block]
    labels  = pool.labels
    taints  = pool.taints
  }]
}
