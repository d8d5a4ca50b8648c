# What machines may do in Google Cloud. A cloud controller and a CSI driver's
# controller run on control planes, on the host's network; workers have no account.
locals {
  # An id has at most 30 characters. The hash keeps two long names apart.
  account_id = "${substr(var.cluster_name, 0, 21)}-${substr(sha256(var.cluster_name), 0, 8)}"

  # Predefined roles. Where instances are concerned, those of this cluster only.
  roles = {
    "roles/compute.viewer"            = null # what is there
    "roles/compute.loadBalancerAdmin" = null # load balancers of Services
    "roles/compute.securityAdmin"     = null # firewall rules for them
    "roles/compute.storageAdmin"      = null # disks and snapshots of volumes
    "roles/compute.instanceAdmin.v1"  = "resource.type == 'compute.googleapis.com/Instance' && resource.name.extract('/instances/{name}').startsWith('${var.cluster_name}-')"
  }
}

resource "google_service_account" "control_plane" {
  account_id   = local.account_id
  display_name = "Control planes of the cluster ${var.cluster_name}"
}

resource "google_project_iam_member" "control_plane" {
  for_each = local.roles
  project  = google_service_account.control_plane.project
  role     = each.key
  member   = google_service_account.control_plane.member

  dynamic "condition" {
    for_each = each.value == null ? [] : [each.value]
    content {
      title       = "instances-of-${var.cluster_name}"
      description = "Attach disks to machines of this cluster only."
      expression  = condition.value
    }
  }
}
