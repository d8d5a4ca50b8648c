package plan

import "turnup.dev/kubectl-turnup/addon-manager/object"

// Stage is a step of the order; the objects of one stage are applied together.
type Stage int

// The stages, in the order of applying; deleting goes the other way.
const (
	// Definitions are what other objects are made of or live in.
	Definitions Stage = iota
	// Identities and the roles they will be bound to.
	Identities
	Bindings
	// Settings are what workloads read when they start.
	Settings
	Workloads
	// Extensions make other requests depend on a workload that must run by then.
	Extensions
	stages
)

// Foundation tells whether a stage belongs to what comes first of all addons
// together, before any of them goes on.
func (s Stage) Foundation() bool { return s <= Bindings }

// Stages lists all stages in order.
func Stages() []Stage {
	list := make([]Stage, stages)
	for i := range list {
		list[i] = Stage(i)
	}
	return list
}

// StageOf returns an object's stage.
func StageOf(ref object.Ref) Stage {
	switch ref.Kind {
	case "CustomResourceDefinition", "Namespace", "PriorityClass", "RuntimeClass", "StorageClass",
		"IngressClass", "GatewayClass", "VolumeSnapshotClass", "DeviceClass":
		return Definitions
	case "ServiceAccount", "ClusterRole", "Role":
		return Identities
	case "ClusterRoleBinding", "RoleBinding":
		return Bindings
	case "ConfigMap", "Secret", "ResourceQuota", "LimitRange", "PersistentVolume", "PersistentVolumeClaim",
		"Service", "NetworkPolicy", "PodDisruptionBudget", "CSIDriver":
		return Settings
	case "APIService", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration",
		"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
		"MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding":
		return Extensions
	}
	return Workloads
}
