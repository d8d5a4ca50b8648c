locals {
  load_balancer = var.load_balancer || var.control_planes > 1

  # What everybody dials, machines too.
  endpoint_host = local.load_balancer ? google_compute_address.api[0].address : google_compute_address.public[local.control_planes[0].name].address
}

resource "google_compute_address" "api" {
  count = local.load_balancer ? 1 : 0
  name  = "${var.cluster_name}-api"
}

# Packets arrive as they were sent: the firewall and audit logs see who sent them.
resource "google_compute_forwarding_rule" "api" {
  count                 = local.load_balancer ? 1 : 0
  name                  = "${var.cluster_name}-api"
  load_balancing_scheme = "EXTERNAL"
  ip_protocol           = "TCP"
  ip_address            = google_compute_address.api[0].id
  ports                 = ["6443"]
  backend_service       = google_compute_region_backend_service.api[0].id
}

resource "google_compute_region_backend_service" "api" {
  count                           = local.load_balancer ? 1 : 0
  name                            = "${var.cluster_name}-api"
  load_balancing_scheme           = "EXTERNAL"
  protocol                        = "TCP"
  session_affinity                = "NONE"
  connection_draining_timeout_sec = 30
  health_checks                   = [google_compute_region_health_check.api[0].id]

  dynamic "backend" {
    for_each = google_compute_instance_group.control_planes
    content {
      group          = backend.value.id
      balancing_mode = "CONNECTION"
    }
  }
}

# A server without etcd listens, and is no use.
resource "google_compute_region_health_check" "api" {
  count               = local.load_balancer ? 1 : 0
  name                = "${var.cluster_name}-api"
  check_interval_sec  = 5
  timeout_sec         = 5
  healthy_threshold   = 2
  unhealthy_threshold = 2

  https_health_check {
    port         = 6443
    request_path = "/readyz"
  }
}

resource "google_compute_instance_group" "control_planes" {
  for_each  = local.load_balancer ? toset(local.control_planes[*].zone) : []
  name      = "${var.cluster_name}-control-planes"
  zone      = each.key
  network   = google_compute_network.cluster.id
  instances = [for m in local.control_planes : google_compute_instance.control_plane[m.name].self_link if m.zone == each.key]
}
