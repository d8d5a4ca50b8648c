package manager_test

import (
	"fmt"
	"testing"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

func service(name, spec string, more ...string) string {
	text := ""
	for _, m := range more {
		text += m
	}
	return fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata: {name: %s, namespace: default%s}\nspec: {selector: {app: x}, %s}\n", name, text, spec)
}

func daemonSet(name string, hostPort int) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: DaemonSet
metadata: {name: %s, namespace: default}
spec:
  selector: {matchLabels: {app: %s}}
  template:
    metadata: {labels: {app: %s}}
    spec: {containers: [{name: main, image: "image:1", ports: [{containerPort: 80, hostPort: %d}]}]}
`, name, name, name, hostPort)
}

func TestAnExclusiveThingIsHandedOverInOneRevision(t *testing.T) {
	w := newWorld(t)
	w.start()
	address := func(name string) string { return service(name, "clusterIP: 10.96.77.7, ports: [{port: 80}]") }
	port := func(name string) string {
		return service(name, "type: NodePort, ports: [{port: 80, nodePort: 30777}]")
	}
	for _, c := range []struct{ what, resource, first, second, path, value string }{
		{"a cluster address", "services", address("ip-one"), address("ip-two"), "spec.clusterIP", "10.96.77.7"},
		{"a node's port", "services", port("np-one"), port("np-two"), "spec.ports.[port=80].nodePort", "30777"},
	} {
		names := []string{"ip-one", "ip-two"}
		if c.what == "a node's port" {
			names = []string{"np-one", "np-two"}
		}
		w.step(c.what+" within an addon", func(*testing.T) {
			w.ready("within", w.push(of("within", c.first)))
			w.ready("within", w.push(of("within", c.second)))
			w.is(c.resource, names[1], c.path, c.value)
			w.vanished(c.resource, names[0])
		})
		w.step(c.what+" between addons", func(*testing.T) {
			// The one that gets it comes first by name, and has had nothing until now.
			w.ready("giver", w.push(join(of("giver", c.first, cm("giver", "a: b")), of("a-taker", cm("taker", "a: b")))))
			revision := w.push(join(of("giver", cm("giver", "a: b")), of("a-taker", cm("taker", "a: b"), c.second)))
			w.ready("a-taker", revision)
			w.ready("giver", revision)
			w.is(c.resource, names[1], c.path, c.value)
			w.vanished(c.resource, names[0])
		})
		w.step(c.what+" from an addon that goes as a whole", func(*testing.T) {
			w.ready("whole", w.push(of("whole", c.first)))
			w.ready("heir", w.push(of("heir", c.second)))
			w.is(c.resource, names[1], c.path, c.value)
			w.left("whole")
		})
		w.step(c.what+" stays where somebody else has it", func(*testing.T) {
			w.ready("quiet", w.push(configMap("quiet", "1")))
			w.vanished(c.resource, names[1])
			w.create(c.resource, "somebody", c.first)
			w.push(of("wants", c.second))
			w.says("wants", "already allocated", "not applied")
			w.live(c.resource, names[0])
			w.delete(c.resource, "default", names[0])
			w.addon("wants", func(a api.Addon) error {
				if a.Status.Ready != "True" {
					return fmt.Errorf("%s: %s", a.Status.Ready, a.Status.Message)
				}
				return nil
			})
		})
	}
	w.step("a node's own port within an addon", func(*testing.T) {
		w.ready("host", w.push(of("host", daemonSet("hp-one", 9777), deployment("not-ready", "  replicas: 0\n"))))
		// What comes is never healthy, so that nothing is pruned; except for what has the port.
		w.push(of("host", daemonSet("hp-two", 9777), deployment("never-ready", "  replicas: 1\n")))
		w.there("daemonsets.apps", "hp-two")
		w.vanished("daemonsets.apps", "hp-one")
		w.live("deployments.apps", "not-ready")
	})
	w.step("a node's own port between addons", func(*testing.T) {
		w.ready("host-a", w.push(join(of("host-a", daemonSet("hp-a", 9778)), of("host-b", cm("host-b", "a: b")))))
		w.push(join(of("host-a", deployment("never-ready", "  replicas: 1\n")), of("host-b", daemonSet("hp-b", 9778))))
		w.there("daemonsets.apps", "hp-b")
		w.vanished("daemonsets.apps", "hp-a")
	})
	w.step("two that are declared both get what they ask for in the end", func(*testing.T) {
		w.ready("swap", w.push(of("swap", service("swap-one", "clusterIP: 10.96.77.8, ports: [{port: 80}]"), address("ip-one"))))
		w.ready("swap", w.push(of("swap", service("swap-three", "clusterIP: 10.96.77.7, ports: [{port: 80}]"), service("swap-two", "clusterIP: 10.96.77.8, ports: [{port: 80}]"))))
		w.is("services", "swap-three", "spec.clusterIP", "10.96.77.7")
		w.is("services", "swap-two", "spec.clusterIP", "10.96.77.8")
		w.ready("quiet", w.push(configMap("quiet", "2")))
		w.left("swap")
	})
}
