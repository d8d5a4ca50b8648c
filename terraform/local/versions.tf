terraform {
  required_version = ">= 1.6"

  required_providers {
    # 4.6 is the first release that has device_cgroup_rules and that starts a
    # stopped machine again instead of replacing it.
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 4.6"
    }
  }
}

# The daemon is that of DOCKER_HOST, else the one of this computer.
provider "docker" {}
