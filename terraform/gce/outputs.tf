output "endpoint" {
  description = "host:port that kubelets and admins dial: the load balancer, or the only control plane."
  value       = "${local.endpoint_host}:6443"
}

output "machines" {
  description = "The control planes as in machines.json."
  value = [for m in local.control_planes : {
    name       = m.name
    role       = "control-plane"
    address    = google_compute_address.inside[m.name].address
    etcdDevice = "/dev/disk/by-id/google-etcd"
    transport = {
      ssh = {
        host         = google_compute_address.public[m.name].address
        user         = local.image.user
        identityFile = "pki/ssh"
      }
    }
  }]

  # Who reads this is about to dial them.
  depends_on = [google_compute_instance.control_plane, google_compute_attached_disk.etcd, google_compute_firewall.outside]
}

output "groups" {
  description = "The pools of workers as in machines.json."
  value = [for name, pool in var.pools : {
    name    = "${var.cluster_name}-${name}"
    count   = pool.count
    subnets = [google_compute_subnetwork.machines.ip_cidr_range]
    labels  = pool.labels
    taints  = pool.taints
  }]
}
