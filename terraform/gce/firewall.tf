# What may talk to whom: the one table of ports. All else that comes in is
# dropped; whatever goes out may.
locals {
  # Network tags. The first is on every machine: a cloud controller looks for one
  # that the names of its nodes start with.
  tags = {
    machine       = var.cluster_name
    control_plane = "${var.cluster_name}-control-plane"
    worker        = "${var.cluster_name}-worker"
  }

  ports = {
    api     = { protocol = "tcp", ports = ["6443"], from = local.tags.machine, to = local.tags.control_plane }
    etcd    = { protocol = "tcp", ports = ["2379-2380"], from = local.tags.control_plane, to = local.tags.control_plane }
    kubelet = { protocol = "tcp", ports = ["10250"], from = local.tags.machine, to = local.tags.machine }
    vxlan   = { protocol = "udp", ports = ["8472"], from = local.tags.machine, to = local.tags.machine }
    icmp    = { protocol = "icmp", ports = null, from = local.tags.machine, to = local.tags.machine }
  }

  # Where health checks of Google Cloud come from: of passthrough load balancers,
  # and of all else.
  balancer_checks = ["35.191.0.0/16", "209.85.152.0/22", "209.85.204.0/22"]
  other_checks    = ["35.191.0.0/16", "130.211.0.0/22"]

  # Machines dial the endpoint's public address, and so come from their own.
  own_addresses = concat(google_compute_address.nat[*].address, [for a in google_compute_address.public : a.address])

  # An empty list of ranges would be everybody: such a rule is not made at all.
  outside = { for name, port in {
    api           = { port = "6443", to = local.tags.control_plane, ranges = concat(var.api_cidrs, [for a in local.own_addresses : "${a}/32"]) }
    api-health    = { port = "6443", to = local.tags.control_plane, ranges = local.balancer_checks }
    ssh           = { port = "22", to = local.tags.control_plane, ranges = var.ssh_cidrs }
    kubelet-alive = { port = "10250", to = local.tags.worker, ranges = local.other_checks }
    proxy-health  = { port = "10256", to = local.tags.worker, ranges = distinct(concat(local.balancer_checks, local.other_checks)) }
  } : name => port if length(port.ranges) > 0 }
}

resource "google_compute_firewall" "inside" {
  for_each    = local.ports
  name        = "${var.cluster_name}-inside-${each.key}"
  network     = google_compute_network.cluster.id
  direction   = "INGRESS"
  source_tags = [each.value.from]
  target_tags = [each.value.to]

  allow {
    protocol = each.value.protocol
    ports    = each.value.ports
  }
}

resource "google_compute_firewall" "outside" {
  for_each      = local.outside
  name          = "${var.cluster_name}-outside-${each.key}"
  network       = google_compute_network.cluster.id
  direction     = "INGRESS"
  source_ranges = each.value.ranges
  target_tags   = [each.value.to]

  allow {
    protocol = "tcp"
    ports    = [each.value.port]
  }
}
