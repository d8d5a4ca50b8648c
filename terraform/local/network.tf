# One bridge for the machines of this cluster. Its range is fixed, since the
# addresses of the machines are part of certificates.
resource "docker_network" "cluster" {
  name   = "turnup-${var.cluster_name}"
  driver = "bridge"

  # Docker applies its own --mtu only to the default bridge: a smaller one has
  # to be said again here, or large packets between machines get lost.
  options = var.mtu == null ? {} : { "com.docker.network.driver.mtu" = tostring(var.mtu) }

  ipam_config {
    subnet  = var.subnet
    gateway = cidrhost(var.subnet, 1)
  }

  labels {
    label = "dev.turnup.cluster"
    value = var.cluster_name
  }

  lifecycle {
    # They matter when the network is made. Another MTU later must not replace
    # the network, and every machine with it.
    ignore_changes = [options]
  }
}
