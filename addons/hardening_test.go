package addons_test

import (
	"strings"
	"testing"

	batch "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// privileges are what a container of ours is given beyond the least, and why it
// cannot do without. The part of an addon that runs on every machine beside another
// one has its own list, ADDON/node.
var privileges = map[string]string{
	"kube-proxy/kube-proxy":                           "privileged: it writes sysctls, and rules of netfilter in the machine's own network",
	"flannel/flannel":                                 "NET_ADMIN, NET_RAW: it makes the VXLAN device and its routes, and writes into the machine's /etc/cni/net.d",
	"flannel/install-cni-plugin":                      "root: it writes into the machine's /opt/cni/bin",
	"bridge/bridge-network":                           "NET_ADMIN: it makes routes, and writes into the machine's /etc/cni/net.d",
	"calico/node/install-cni":                         "privileged: it writes into the machine's /opt/cni/bin and /etc/cni/net.d",
	"calico/node/calico-node":                         "privileged: it writes sysctls, routes and rules of netfilter in the machine's own network",
	"calico/calico-kube-controllers":                  "",
	"cilium/config":                                   "unconfined, NET_ADMIN: the pod is; it looks at the machine's devices",
	"cilium/mount-cgroup":                             "unconfined, SYS_ADMIN, SYS_CHROOT, SYS_PTRACE: it mounts in the machine's namespace",
	"cilium/apply-sysctl-overwrites":                  "unconfined, SYS_ADMIN, SYS_CHROOT, SYS_PTRACE: it writes the machine's sysctls",
	"cilium/mount-bpf-fs":                             "privileged: it mounts for the machine",
	"cilium/install-cni-binaries":                     "unconfined, root: the pod is; it writes into the machine's /opt/cni/bin",
	"cilium/cilium-agent":                             "unconfined, SYS_ADMIN and others: it loads programs into the kernel",
	"cilium/cilium-operator":                          "root: its image has no other user",
	"local-path/local-path":                           "",
	"fluentd/fluentd":                                 "root: the machine's logs are for root to read",
	"headlamp/headlamp":                               "",
	"coredns/coredns":                                 "NET_BIND_SERVICE: it listens on port 53",
	"coredns-autoscaler/autoscaler":                   "",
	"node-local-dns/node-cache":                       "NET_ADMIN, NET_BIND_SERVICE: it puts an address on the machine, with rules that spare it, and listens on port 53 there",
	"metrics-server/metrics-server":                   "",
	"addon-manager/addon-manager":                     "",
	"aws-cloud-controller/cloud-controller-manager":   "",
	"gce-cloud-controller/cloud-controller-manager":   "",
	"azure-cloud-controller/cloud-controller-manager": "",
	"aws-ebs-csi/csi-provisioner":                     "",
	"aws-ebs-csi/csi-attacher":                        "",
	"aws-ebs-csi/csi-resizer":                         "",
	"aws-ebs-csi/csi-snapshotter":                     "",
	"gce-pd-csi/csi-snapshotter":                      "",
	"azure-disk-csi/csi-snapshotter":                  "",
	"snapshots/snapshot-controller":                   "",
	"aws-ebs-csi/driver":                              "",
	"aws-ebs-csi/node/driver":                         "privileged: it formats disks, and mounts them where the kubelet finds them",
	"aws-ebs-csi/node/node-driver-registrar":          "root: the driver's socket, and the kubelet's, are root's",
	"aws-ebs-csi/liveness-probe":                      "",
	"aws-ebs-csi/node/liveness-probe":                 "root: the driver's socket is root's",
	"gce-pd-csi/csi-provisioner":                      "",
	"gce-pd-csi/csi-attacher":                         "",
	"gce-pd-csi/csi-resizer":                          "",
	"gce-pd-csi/driver":                               "",
	"gce-pd-csi/node/driver":                          "privileged: it formats disks, and mounts them where the kubelet finds them",
	"gce-pd-csi/node/node-driver-registrar":           "root: the driver's socket, and the kubelet's, are root's",
	"gce-pd-csi/liveness-probe":                       "",
	"gce-pd-csi/node/liveness-probe":                  "root: the driver's socket is root's",
	"azure-disk-csi/csi-provisioner":                  "",
	"azure-disk-csi/csi-attacher":                     "",
	"azure-disk-csi/csi-resizer":                      "",
	"azure-disk-csi/driver":                           "",
	"azure-disk-csi/node/driver":                      "privileged: it formats disks, and mounts them where the kubelet finds them",
	"azure-disk-csi/node/node-driver-registrar":       "root: the driver's socket, and the kubelet's, are root's",
	"azure-disk-csi/liveness-probe":                   "",
	"azure-disk-csi/node/liveness-probe":              "root: the driver's socket is root's",
}

// writers are containers that may write to their root file system: their makers
// have them do so, and nobody can try here whether they could do without.
var writers = map[string]string{
	"calico/node/install-cni":        "it is not known to do without",
	"calico/node/calico-node":        "runit makes its services below /etc",
	"calico/calico-kube-controllers": "its probes read what it writes to /status",
	"cilium/cilium-agent":            "Envoy runs in it, and keeps its sockets and state below /var",
	"cilium/cilium-operator":         "it writes for gops, below its home directory",
}

// TestEveryContainerHasOnlyWhatItNeeds looks at all workloads: what is more than the
// least is in the list above, and nothing else is.
func TestEveryContainerHasOnlyWhatItNeeds(t *testing.T) {
	seen := map[string]bool{}
	for _, addon := range names(t) {
		for _, document := range strings.Split(build(t, addon, nil), "\n---\n") {
			spec, kind, name := podOf(t, document)
			if spec == nil {
				continue
			}
			at := addon + ": " + kind + " " + name
			if spec.PriorityClassName == "" && addon != "headlamp" { // nothing needs it
				t.Errorf("%s has no priority class", at)
			}
			if spec.ServiceAccountName == "" && (spec.AutomountServiceAccountToken == nil || *spec.AutomountServiceAccountToken) {
				t.Errorf("%s has the default service account's token", at)
			}
			for _, c := range append(spec.InitContainers, spec.Containers...) {
				key := addon + "/" + c.Name
				if name == addon+"-node" {
					key = addon + "/node/" + c.Name
				}
				seen[key] = true
				if _, listed := privileges[key]; !listed {
					t.Errorf("%s: container %s is not known here", at, c.Name)
				}
				checkContainer(t, at+", container "+c.Name, spec, c, key)
			}
		}
	}
	for _, list := range []map[string]string{privileges, writers} {
		for key := range list {
			if !seen[key] {
				t.Errorf("there is no container %s", key)
			}
		}
	}
}

func checkContainer(t *testing.T, at string, spec *corev1.PodSpec, c corev1.Container, key string) {
	t.Helper()
	why := privileges[key]
	privileged := why != ""
	if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() {
		t.Errorf("%s does not say what it needs: %v", at, c.Resources.Requests)
	}
	security := c.SecurityContext
	if security == nil {
		t.Errorf("%s has no security context", at)
		return
	}
	if _, writes := writers[key]; !writes && !isTrue(security.ReadOnlyRootFilesystem) {
		t.Errorf("%s may write to its root file system", at)
	}
	if isTrue(security.Privileged) {
		if !privileged {
			t.Errorf("%s is privileged, for no reason that is known", at)
		}
		return
	}
	if security.AllowPrivilegeEscalation == nil || *security.AllowPrivilegeEscalation {
		t.Errorf("%s may gain privileges", at)
	}
	if security.Capabilities == nil || len(security.Capabilities.Drop) != 1 || security.Capabilities.Drop[0] != "ALL" {
		t.Errorf("%s keeps capabilities", at)
	} else if len(security.Capabilities.Add) > 0 && !privileged {
		t.Errorf("%s has %v, for no reason that is known", at, security.Capabilities.Add)
	}
	if !privileged {
		nonRoot := security.RunAsNonRoot
		if nonRoot == nil && spec.SecurityContext != nil {
			nonRoot = spec.SecurityContext.RunAsNonRoot
		}
		if nonRoot == nil || !*nonRoot {
			t.Errorf("%s may run as root, for no reason that is known", at)
		}
	}
	profile := security.SeccompProfile
	if profile == nil && spec.SecurityContext != nil {
		profile = spec.SecurityContext.SeccompProfile
	}
	if strings.HasPrefix(why, "unconfined") {
		return
	}
	if profile == nil || profile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Errorf("%s has no seccomp profile", at)
	}
}

func isTrue(b *bool) bool { return b != nil && *b }

// podOf is the pod of a workload, of whichever kind; nil for other objects.
func podOf(t *testing.T, document string) (spec *corev1.PodSpec, kind, name string) {
	t.Helper()
	var object struct {
		Kind     string
		Metadata struct{ Name string }
		Spec     struct {
			Template    *corev1.PodTemplateSpec
			JobTemplate *batch.JobTemplateSpec // of a CronJob
		}
	}
	if err := yaml.Unmarshal([]byte(document), &object); err != nil {
		t.Fatal(err)
	}
	switch {
	case object.Spec.Template != nil:
		spec = &object.Spec.Template.Spec
	case object.Spec.JobTemplate != nil:
		spec = &object.Spec.JobTemplate.Spec.Template.Spec
	}
	return spec, object.Kind, object.Metadata.Name
}
