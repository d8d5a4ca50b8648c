locals {
  control_planes = [for i in range(var.control_planes) : {
    name = "${var.cluster_name}-control-plane-${i}"
    zone = var.zones[i % length(var.zones)]
  }]

  images = {
    ubuntu  = { project = "ubuntu-os-cloud", family = "ubuntu-2404-lts-${var.arch}", user = "turnup" }
    debian  = { project = "debian-cloud", family = var.arch == "arm64" ? "debian-13-arm64" : "debian-13", user = "turnup" }
    flatcar = { project = "kinvolk-public", family = "flatcar-stable", user = "core" }
  }
  image        = local.images[var.image]
  image_family = "projects/${local.image.project}/global/images/family/${local.image.family}"

  # The newer families of machines take Hyperdisk only, the older ones do not.
  hyperdisk = { for type in distinct(concat([var.control_plane_type], [for pool in var.pools : pool.type])) : type => can(regex("^(c4|n4|h4|m4|x4|a4|g4)", type)) }

  # Of every machine: no key of the project, and no account of somebody's OS Login,
  # opens one.
  metadata = {
    block-project-ssh-keys   = "TRUE"
    enable-oslogin           = "FALSE"
    disable-legacy-endpoints = "TRUE"
    serial-port-enable       = "FALSE"
  }
}

# The newest image of that family.
data "google_compute_image" "machine" {
  project = local.image.project
  family  = local.image.family

  lifecycle {
    precondition {
      condition     = var.image != "flatcar" || var.arch == "amd64"
      error_message = "Flatcar has no images for arm64 on Google Cloud: take image ubuntu or debian, or arch amd64."
    }
  }
}

# What stays when a machine is replaced: its address, its public address, and
# etcd's data.
resource "google_compute_address" "inside" {
  for_each     = { for m in local.control_planes : m.name => m }
  name         = each.key
  address_type = "INTERNAL"
  subnetwork   = google_compute_subnetwork.machines.id
}

resource "google_compute_address" "public" {
  for_each = { for m in local.control_planes : m.name => m }
  name     = "${each.key}-public"
}

# Like every disk of Google Cloud it is encrypted, by a key of Google's.
resource "google_compute_disk" "etcd" {
  for_each = { for m in local.control_planes : m.name => m }
  name     = "${each.key}-etcd"
  zone     = each.value.zone
  type     = local.hyperdisk[var.control_plane_type] ? "hyperdisk-balanced" : "pd-ssd"
  size     = var.etcd_disk
}

resource "google_compute_instance" "control_plane" {
  for_each     = { for m in local.control_planes : m.name => m }
  name         = each.key
  zone         = each.value.zone
  machine_type = var.control_plane_type
  tags         = [local.tags.machine, local.tags.control_plane]

  # Another type is another size of the same machine: it stops, and starts again.
  allow_stopping_for_update = true

  boot_disk {
    initialize_params {
      image  = data.google_compute_image.machine.self_link
      type   = local.hyperdisk[var.control_plane_type] ? "hyperdisk-balanced" : "pd-balanced"
      size   = var.control_plane_disk
      labels = local.labels
    }
  }

  network_interface {
    subnetwork = google_compute_subnetwork.machines.id
    network_ip = google_compute_address.inside[each.key].address

    access_config {
      nat_ip = google_compute_address.public[each.key].address
    }
  }

  metadata = merge(local.metadata, {
    ssh-keys = "${local.image.user}:${trimspace(var.ssh_public_key)}"
  })

  service_account {
    email  = google_service_account.control_plane.email
    scopes = ["https://www.googleapis.com/auth/compute"]
  }

  lifecycle {
    # A newer image is for new machines, and replaces none. etcd's disk is attached below.
    ignore_changes = [boot_disk[0].initialize_params[0].image, attached_disk]
  }
}

resource "google_compute_attached_disk" "etcd" {
  for_each    = google_compute_instance.control_plane
  instance    = each.value.id
  disk        = google_compute_disk.etcd[each.key].id
  device_name = "etcd"
}
