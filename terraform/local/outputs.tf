output "endpoint" {
  description = "host:port that kubelets and admins dial: the load balancer, or the only control plane."
  value       = "${local.machines[0].address}:6443"
}

output "machines" {
  description = "The machines as in machines.json."
  value = [for m in local.machines : {
    name      = m.name
    role      = m.role
    address   = m.address
    transport = { docker = { container = docker_container.machine[m.name].name } }
  }]
}
