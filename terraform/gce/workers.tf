# A pool is a regional managed instance group over all zones. Its machines boot
# with user-data and join by themselves; Terraform never sees one.
resource "google_compute_region_instance_template" "pool" {
  for_each     = var.pools
  name_prefix  = "${var.cluster_name}-${each.key}-"
  description  = "Workers of the cluster ${var.cluster_name}"
  machine_type = each.value.type
  tags         = [local.tags.machine, local.tags.worker]

  # Who may get a token of the machine's account from the metadata server could be
  # that account. There is none: nothing on a worker asks Google Cloud.

  disk {
    boot         = true
    auto_delete  = true
    source_image = local.image_family
    disk_type    = local.hyperdisk[each.value.type] ? "hyperdisk-balanced" : "pd-balanced"
    disk_size_gb = each.value.disk
    labels       = local.labels
  }

  network_interface {
    subnetwork = google_compute_subnetwork.machines.id
  }

  metadata = local.metadata

  scheduling {
    provisioning_model          = each.value.spot ? "SPOT" : "STANDARD"
    preemptible                 = each.value.spot
    automatic_restart           = !each.value.spot
    instance_termination_action = each.value.spot ? "STOP" : null
    # Machines with a GPU cannot move while they run.
    on_host_maintenance = each.value.spot || can(regex("^[ag][0-9]", each.value.type)) ? "TERMINATE" : "MIGRATE"
  }

  lifecycle {
    # A template cannot change, and its group needs one all the time. What changes
    # by itself is not in it: an image family is looked up by each new machine, and
    # user-data is the group's.
    create_before_destroy = true
  }
}

resource "google_compute_region_instance_group_manager" "pool" {
  for_each           = var.pools
  name               = "${var.cluster_name}-${each.key}"
  description        = "Workers of the cluster ${var.cluster_name}"
  base_instance_name = "${var.cluster_name}-${each.key}"
  target_size        = each.value.count

  distribution_policy_zones        = var.zones
  distribution_policy_target_shape = "EVEN"

  # Debian's images for Google Cloud have no cloud-init: there Google's agent runs
  # the same script, at every boot.
  all_instances_config {
    metadata = {
      (var.image == "debian" ? "startup-script" : "user-data") = replace(each.value.user_data, "endpoint.turnup.invalid", local.endpoint_host)
    }
  }

  version {
    instance_template = google_compute_region_instance_template.pool[each.key].id
  }

  # A new template or user-data counts for new machines: a renewed token must not
  # replace workers that run, and neither must an even spread. Who replaces some
  # by hand gets the new ones first.
  update_policy {
    type                           = "OPPORTUNISTIC"
    minimal_action                 = "REPLACE"
    max_surge_fixed                = length(var.zones)
    max_unavailable_fixed          = 0
    instance_redistribution_type   = "NONE"
    most_disruptive_allowed_action = "REPLACE"
  }

  # A machine whose kubelet does not listen for a minute is made anew, with the
  # newest user-data: the token in its own may have expired.
  auto_healing_policies {
    health_check      = google_compute_health_check.worker.id
    initial_delay_sec = 900
  }
  instance_lifecycle_policy {
    default_action_on_failure = "REPAIR"
    force_update_on_repair    = "YES"
  }

  lifecycle {
    # Google's groups keep the zones that they were made with: others would be
    # another group, and an end of every machine in this one.
    ignore_changes = [distribution_policy_zones]
  }

  # The way out has to be there when the first machine boots.
  depends_on = [google_compute_router_nat.workers, google_compute_firewall.inside, google_compute_firewall.outside]
}

# The kubelet, not kube-proxy: a bad commit to an addon must not end machines.
resource "google_compute_health_check" "worker" {
  name                = "${var.cluster_name}-worker"
  check_interval_sec  = 10
  timeout_sec         = 5
  healthy_threshold   = 1
  unhealthy_threshold = 6

  tcp_health_check {
    port = 10250
  }
}
