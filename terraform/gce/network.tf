locals {
  # Two prefixes share an address if they are the same up to the shorter length.
  shorter = min(tonumber(split("/", var.subnet)[1]), tonumber(split("/", var.pod_cidr)[1]))
  overlap = (
    cidrhost("${split("/", var.subnet)[0]}/${local.shorter}", 0) ==
    cidrhost("${split("/", var.pod_cidr)[0]}/${local.shorter}", 0)
  )

  # An address has 64,512 ports: 129 for each of 500 workers, who take 64 and more.
  workers       = sum(concat([0], [for pool in var.pools : pool.count]))
  nat_addresses = max(1, ceil(local.workers / 500))
}

data "google_compute_zones" "region" {
  region = var.region
}

resource "google_compute_network" "cluster" {
  name                    = var.cluster_name
  description             = "Machines of the cluster ${var.cluster_name}"
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"

  lifecycle {
    precondition {
      condition     = !local.overlap
      error_message = "subnet ${var.subnet} and pod_cidr ${var.pod_cidr} share addresses: change one of them."
    }
    precondition {
      condition     = length(setsubtract(var.zones, data.google_compute_zones.region.names)) == 0
      error_message = "zones: ${var.region} has ${join(", ", data.google_compute_zones.region.names)}, and no ${join(", ", setsubtract(var.zones, data.google_compute_zones.region.names))}."
    }
  }
}

# A subnet of Google Cloud is in all zones of its region.
resource "google_compute_subnetwork" "machines" {
  name                     = var.cluster_name
  network                  = google_compute_network.cluster.id
  ip_cidr_range            = var.subnet
  private_ip_google_access = true
}

# Workers have no public addresses. They go out, and to the API server, by
# addresses that the firewall can name.
resource "google_compute_router" "workers" {
  name    = var.cluster_name
  network = google_compute_network.cluster.id
}

resource "google_compute_address" "nat" {
  count = local.nat_addresses
  name  = "${var.cluster_name}-nat-${count.index}"
}

resource "google_compute_router_nat" "workers" {
  name                               = var.cluster_name
  router                             = google_compute_router.workers.name
  nat_ip_allocate_option             = "MANUAL_ONLY"
  nat_ips                            = google_compute_address.nat[*].self_link
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"

  # Few ports for many workers, and more for one that needs them.
  enable_dynamic_port_allocation      = true
  enable_endpoint_independent_mapping = false
  min_ports_per_vm                    = 64
  max_ports_per_vm                    = 4096
}
