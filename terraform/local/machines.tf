locals {
  # More than one control plane have one address by a load balancer.
  load_balancers = [for i in range(var.load_balancer || var.control_planes > 1 ? 1 : 0) : {
    name    = "${var.cluster_name}-loadbalancer-${i}"
    role    = "loadbalancer"
    address = cidrhost(var.subnet, 10)
    memory  = 0
  }]
  control_planes = [for i in range(var.control_planes) : {
    name    = "${var.cluster_name}-control-plane-${i}"
    role    = "control-plane"
    address = cidrhost(var.subnet, 11 + i)
    memory  = var.control_plane_memory
  }]
  workers = [for i in range(var.workers) : {
    name    = "${var.cluster_name}-worker-${i}"
    role    = "worker"
    address = cidrhost(var.subnet, 21 + i)
    memory  = var.worker_memory
  }]
  machines = concat(local.load_balancers, local.control_planes, local.workers)
}

# What a machine must not lose when its container is replaced: containerd's and
# the kubelet's state, etcd's data, the journal.
resource "docker_volume" "var" {
  for_each = { for m in local.machines : m.name => m }
  name     = "${each.key}-var"

  labels {
    label = "dev.turnup.cluster"
    value = var.cluster_name
  }
}

# A machine: a container with systemd as PID 1.
resource "docker_container" "machine" {
  for_each = { for m in local.machines : m.name => m }
  name     = each.key
  hostname = each.key
  image    = var.image
  env      = ["container=docker"]

  # All that systemd, containerd and a kubelet need, by name, instead of
  # --privileged. SYS_RESOURCE is not among it, and not every host has it to give.
  capabilities {
    add  = ["ALL"]
    drop = ["CAP_SYS_RESOURCE"]
  }
  security_opts       = ["seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined"]
  device_cgroup_rules = ["a *:* rwm"]
  cgroupns_mode       = "private"

  tmpfs = {
    "/run" = ""
    "/tmp" = ""
  }

  volumes {
    volume_name    = docker_volume.var[each.key].name
    container_path = "/var"
  }

  dynamic "volumes" {
    for_each = var.image_store == null ? [] : [var.image_store]
    content {
      volume_name    = volumes.value
      container_path = "/store"
      read_only      = true
    }
  }

  networks_advanced {
    name         = docker_network.cluster.name
    ipv4_address = each.value.address
  }

  memory      = each.value.memory
  memory_swap = each.value.memory

  # SIGRTMIN+3 is systemd's "halt". A machine comes back when Docker or this
  # computer restarts, but stays down after `docker kill` or `docker stop`.
  stop_signal  = "SIGRTMIN+3"
  stop_timeout = 10
  restart      = "unless-stopped"

  labels {
    label = "dev.turnup.cluster"
    value = var.cluster_name
  }
  labels {
    label = "dev.turnup.role"
    value = each.value.role
  }

  lifecycle {
    # Docker reports them differently from how they are set: systempaths is
    # resolved by the client, and swap is -1 on hosts that do not account for it.
    ignore_changes = [security_opts, memory_swap]
  }
}
