package turnup

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/addons"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// Status is what a cluster is like now.
type Status struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Cluster    string          `json:"cluster"`
	Platform   string          `json:"platform"`
	Endpoint   string          `json:"endpoint,omitempty"`
	Revision   string          `json:"revision,omitempty"`
	Machines   []MachineStatus `json:"machines"`
	// ControlPlane are the static pods of the control planes.
	ControlPlane []ComponentStatus `json:"controlPlane,omitempty"`
	// Etcd is what a member of it says; nil where none could be asked.
	Etcd   *EtcdStatus   `json:"etcd,omitempty"`
	Addons []AddonStatus `json:"addons"`
	// Certificates is the one of the control plane that expires first; nil where
	// they are not kept here.
	Certificates *Expiry `json:"certificates,omitempty"`
	// Drift is what Terraform would change; nil if it was not asked.
	Drift *Drift `json:"drift,omitempty"`
	// Unapplied is what the config file here has otherwise than the cluster; the
	// next create applies it.
	Unapplied []config.Difference `json:"unapplied,omitempty"`
	// Problems are what could not be looked at, and why.
	Problems []string `json:"problems,omitempty"`
}

// Expiry is when a certificate is no longer valid.
type Expiry struct {
	// Name is that of its file in the cluster's key directory.
	Name    string    `json:"name"`
	Expires time.Time `json:"expires"`
}

// MachineStatus is a machine and, if it has become one, its node.
type MachineStatus struct {
	Name    string        `json:"name"`
	Role    machines.Role `json:"role"`
	Address string        `json:"address"`
	// Group is that of a machine which the cloud made; nobody asks its systemd.
	Group string `json:"group,omitempty"`
	// Kubelet is what systemd says of the kubelet, or of the load balancer on a
	// machine that is one: active, failed, unreachable…
	Kubelet string `json:"kubelet,omitempty"`
	// Node is Ready, NotReady, or empty for a machine that is none.
	Node    string `json:"node,omitempty"`
	Version string `json:"version,omitempty"`
	// ServingExpires is when the kubelet's serving certificate is no longer valid;
	// the kubelet asks for another in time. Nil for a machine that nobody asks.
	ServingExpires *time.Time `json:"servingExpires,omitempty"`
	// Runtime, OS and Kernel are what its kubelet says of the machine.
	Runtime string `json:"runtime,omitempty"`
	OS      string `json:"os,omitempty"`
	Kernel  string `json:"kernel,omitempty"`
}

// AddonStatus is an addon as the manager last reported it.
type AddonStatus struct {
	Name     string `json:"name"`
	Ready    string `json:"ready"`
	Revision string `json:"revision,omitempty"`
	Objects  int    `json:"objects"`
	Message  string `json:"message,omitempty"`
}

// Healthy reports whether everything is as it should be.
func (s Status) Healthy() bool {
	for _, m := range s.Machines {
		if m.Group == "" && m.Kubelet != "active" || m.Role != machines.LoadBalancer && m.Node != "Ready" {
			return false
		}
	}
	for _, c := range s.ControlPlane {
		if !c.Ready {
			return false
		}
	}
	for _, a := range s.Addons {
		if a.Ready != "True" {
			return false
		}
	}
	if s.Drift != nil && len(s.Drift.Resources) > 0 {
		return false
	}
	return len(s.Problems) == 0 && len(s.Machines) > 0
}

// ShortRevision is the addon tree's revision as people read it.
func (s Status) ShortRevision() string { return addons.Short(s.Revision) }

const lookBudget = 10 * time.Second

// Status looks at the machines and asks the API server. What cannot be reached
// is a problem in the result, not an error.
func (t *Turnup) Status(ctx context.Context) (Status, error) {
	ctx, cancel := context.WithTimeout(ctx, lookBudget)
	defer cancel()
	s := Status{
		APIVersion: machines.APIVersion, Kind: "Status",
		Cluster: t.name(), Platform: t.Config.Provision.Platform,
		Machines: []MachineStatus{}, Addons: []AddonStatus{}, Unapplied: t.unapplied(),
	}
	file, err := t.Home.ReadMachines()
	if errors.Is(err, machines.ErrMissing) {
		s.Problems = append(s.Problems, "there are no machines yet; `kubectl turnup create` goes on where it was")
		return s, nil
	}
	if err != nil {
		return s, err
	}
	s.Endpoint = file.Endpoint
	t.addExpiry(&s)
	// All at once: what does not answer uses up its own time only.
	kubelets := make([]kubeletLook, len(file.Machines))
	var looks sync.WaitGroup
	for i, m := range file.Machines {
		looks.Go(func() { kubelets[i] = t.lookAtKubelet(ctx, m) })
	}
	var etcdErr error
	looks.Go(func() { s.Etcd, etcdErr = t.etcdStatus(ctx, file) })
	nodes := t.askCluster(ctx, &s)
	looks.Wait()
	if etcdErr != nil {
		s.Problems = append(s.Problems, etcdErr.Error())
	}
	for i, m := range file.Machines {
		look := kubelets[i]
		one := MachineStatus{Name: m.Name, Role: m.Role, Address: m.Address, Kubelet: look.state, ServingExpires: look.serving}
		if look.serving != nil && time.Until(*look.serving) < 0 {
			s.Problems = append(s.Problems, fmt.Sprintf("the kubelet of %s serves with a certificate that expired on %s; the addon manager approves its requests for another",
				m.Name, look.serving.Format(time.DateOnly)))
		}
		if n, ok := nodes[m.Name]; ok {
			one.see(n)
		}
		s.Machines = append(s.Machines, one)
	}
	s.addGroups(file.Groups, nodes)
	return s, nil
}

// addExpiry tells which certificate expires first, and that it is time if it is.
func (t *Turnup) addExpiry(s *Status) {
	soonest, err := soonestExpiry(t.Home.PKI())
	switch {
	case err != nil:
		s.Problems = append(s.Problems, err.Error())
	case soonest.at.IsZero():
	default:
		s.Certificates = &Expiry{Name: soonest.name, Expires: soonest.at.UTC()}
		if time.Until(soonest.at) < pki.RenewBefore/2 {
			s.Problems = append(s.Problems, fmt.Sprintf("the certificate %s expires on %s; `kubectl turnup create %s` renews it",
				soonest.name, soonest.at.Format(time.DateOnly), t.name()))
		}
	}
}

// askCluster fills in what the API server knows, and returns the nodes.
func (t *Turnup) askCluster(ctx context.Context, s *Status) map[string]corev1.Node {
	to, err := t.connect()
	if err != nil {
		s.Problems = append(s.Problems, err.Error())
		return nil
	}
	list, err := to.Typed.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		s.Problems = append(s.Problems, fmt.Sprintf("the API server does not answer: %v", err))
		return nil
	}
	nodes := map[string]corev1.Node{}
	for _, n := range list.Items {
		nodes[n.Name] = n
	}
	if head, err := source.Current(ctx, to.Typed.CoreV1()); err == nil {
		s.Revision = head.Revision
	}
	if s.ControlPlane, err = listControlPlane(ctx, to); err != nil {
		s.Problems = append(s.Problems, err.Error())
	}
	if s.Addons, err = listAddons(ctx, to); err != nil {
		s.Problems = append(s.Problems, err.Error())
	}
	return nodes
}

func listAddons(ctx context.Context, to *cluster.Access) ([]AddonStatus, error) {
	list, err := api.ListAddons(ctx, to.Dynamic)
	if err != nil {
		return []AddonStatus{}, err
	}
	all := []AddonStatus{}
	for _, a := range list {
		all = append(all, AddonStatus{
			Name: a.Name, Ready: a.Status.Ready, Revision: addons.Short(a.Status.Revision),
			Objects: a.Status.Objects, Message: a.Status.Message,
		})
	}
	return all, nil
}
