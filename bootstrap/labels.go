package bootstrap

import (
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// nodeLabels are the labels with which a kubelet registers its node: those of
// the machine that it may give itself.
func nodeLabels(m machines.Machine) string {
	labels := []string{"turnup.dev/role=" + string(m.Role)}
	for key, value := range m.Labels {
		if ownLabel(key) {
			labels = append(labels, key+"="+value)
		}
	}
	slices.Sort(labels)
	return strings.Join(labels, ",")
}

// ownLabel tells whether a kubelet may give its own node a label. The others are
// Kubernetes' own, and set by AwaitNodes.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
func ownLabel(key string) bool {
	domain, name, _ := strings.Cut(key, "/")
	within := func(of string) bool { return domain == of || strings.HasSuffix(domain, "."+of) }
	switch {
	case name == "" || !within("kubernetes.io") && !within("k8s.io"):
		return true
	case within("kubelet.kubernetes.io"), within("node.kubernetes.io"):
		return true
	}
	return domain == "topology.kubernetes.io" && (name == "zone" || name == "region")
}

// taint is one with which a node registers.
type taint struct{ Key, Value, Effect string }

func taints(m machines.Machine) []taint {
	var list []taint
	if m.Role == machines.ControlPlane {
		list = append(list, taint{Key: "node-role.kubernetes.io/control-plane", Effect: "NoSchedule"})
	}
	for _, text := range m.Taints {
		pair, effect, _ := strings.Cut(text, ":")
		key, value, _ := strings.Cut(pair, "=")
		list = append(list, taint{key, value, effect})
	}
	return list
}
