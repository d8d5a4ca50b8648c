// Package bootstrap is phase 2: a machine becomes a node.
//
// Render is pure: config, machines file and keys in, one Ignition config for
// each machine out. Deliver carries one to its machine and runs it there;
// Cluster does what a new cluster needs of its API server.
package bootstrap

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"turnup.dev/kubectl-turnup/bootstrap/host"
	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// Rendered is what one machine gets.
type Rendered struct {
	Machine machines.Machine
	// Files are what Ignition will put on the node, in a stable order.
	Files []File
	// Ignition is the config as JSON (spec 3.4.0). It holds keys: mode 0600.
	Ignition []byte
	// Pods are the static pods of a control plane, by name, and what
	// AwaitPods expects of each.
	Pods map[string]string
	// Server is where the kubelet of a worker finds the API server, as a URL;
	// "" for other machines. Endpoint changes with a first load balancer.
	Server string
	// Gone are paths of files that an earlier config may have brought, and that
	// must not be there now.
	Gone []string
	// proxy is the environment of scripts that pull images.
	proxy []string
	// runtimeImage brings a container runtime to a host that has none.
	runtimeImage string
	// dockerImage brings Docker to a machine that is to have it; "" for others.
	dockerImage string
}

// File is one file on a node.
type File struct {
	Path string
	Mode int
	// UID owns the file; 0 is root.
	UID     int
	Content []byte
}

// Render turns config, machines and keys into one Ignition config per machine,
// in the machines file's order. The same input gives the same bytes. It is
// RenderMembers for a cluster whose members of etcd all start at once.
func Render(cfg config.Cluster, file machines.File, p *pki.PKI) ([]Rendered, error) {
	return RenderMembers(cfg, file, p, nil)
}

// RenderMembers is Render for a cluster some of whose members of etcd have
// started already, or join those that have.
func RenderMembers(cfg config.Cluster, file machines.File, p *pki.PKI, starts EtcdStarts) ([]Rendered, error) {
	var list []Rendered
	for _, m := range file.Machines {
		rendered, err := renderMachine(cfg, file, p, starts, m)
		if err != nil {
			return nil, fmt.Errorf("render machine %s: %w", m.Name, err)
		}
		list = append(list, rendered)
	}
	return list, nil
}

func renderMachine(cfg config.Cluster, file machines.File, p *pki.PKI, starts EtcdStarts, m machines.Machine) (Rendered, error) {
	in, err := newInputs(cfg, file, p, starts, m)
	if err != nil {
		return Rendered{}, err
	}
	return renderInputs(in, file.Endpoint, p, m)
}

func renderInputs(in inputs, endpoint string, p *pki.PKI, m machines.Machine) (Rendered, error) {
	r := renderer{in: in}
	server := ""
	switch m.Role {
	case machines.ControlPlane:
		r.node(p)
		r.controlPlane(p)
	case machines.Worker:
		r.node(p)
		r.worker(p, endpoint)
		server = "https://" + endpoint
	case machines.LoadBalancer:
		r.loadBalancer(p)
	default:
		return Rendered{}, fmt.Errorf("role %q has nothing to run", m.Role)
	}
	gone := r.proxies()
	name := Unit(m.Role)
	unit := r.execute(name, r.in)
	if r.err != nil {
		return Rendered{}, r.err
	}
	path := "/etc/systemd/system/" + name
	if r.in.Small {
		r.file(path, 0o644, 0, unit)
	}
	data, err := encode(r, name, unit)
	if err != nil {
		return Rendered{}, err
	}
	if !r.in.Small {
		r.file(path, 0o644, 0, unit)
	}
	rendered := Rendered{Machine: m, Files: r.files, Ignition: data, Pods: r.hashes, Server: server, Gone: gone, proxy: in.Proxy, runtimeImage: in.RuntimeImage}
	if in.Docker {
		rendered.dockerImage = in.DockerImage
	}
	return rendered, nil
}

// Unit is the one init unit of a machine.
func Unit(role machines.Role) string {
	if role == machines.LoadBalancer {
		return "loadbalancer.service"
	}
	return "kubelet.service"
}

// renderer collects files; the first error sticks.
type renderer struct {
	in    inputs
	files []File
	dirs  []File
	// hashes are those of the static pods, by the name that their pods have.
	hashes map[string]string
	err    error
}

// node adds what every node has.
func (r *renderer) node(p *pki.PKI) {
	r.template("/etc/containerd/conf.d/20-turnup.toml", 0o644, "containerd.toml", r.in)
	r.template("/etc/sysctl.d/90-turnup.conf", 0o644, "sysctl.conf", r.in)
	r.template("/etc/kubernetes/kubelet.yaml", 0o644, "kubelet.yaml", r.in)
	r.file("/etc/kubernetes/pki/ca.crt", 0o644, 0, p.CA.Cert)
	if r.in.Identify {
		r.file("/opt/turnup/identify", 0o755, 0, host.Identify)
	}
	if r.in.Flatcar {
		r.template("/etc/containerd/config.toml", 0o644, "flatcar-containerd.toml", r.in)
		r.template("/etc/systemd/system/containerd.service.d/20-turnup.conf", 0o644, "flatcar-containerd.conf", r.in)
		r.template("/etc/kubernetes/kubelet.conf.d/10-machine.conf", 0o644, "flatcar-kubelet.yaml", r.in)
	}
}

// worker adds what joins a worker: the CA that pins the API server, and a token
// that lets the kubelet ask for a certificate of its own.
func (r *renderer) worker(p *pki.PKI, endpoint string) {
	r.kubeconfig("/etc/kubernetes/bootstrap-kubeconfig", 0, kubeconfig{
		Cluster: r.in.Cluster, Server: "https://" + endpoint, CA: p.CA.Cert,
		User: "bootstrap", Token: p.Token.Reveal(),
	})
}

func (r *renderer) controlPlane(p *pki.PKI) {
	keys := p.ControlPlanes[r.in.Name]
	local := "https://127.0.0.1:" + r.in.APIPort

	r.kubeconfig("/etc/kubernetes/kubelet.conf", 0, kubeconfig{
		Cluster: r.in.Cluster, Server: local, CA: p.CA.Cert,
		User: "system:node:" + r.in.Name, Cert: keys.Kubelet.Cert, Key: keys.Kubelet.Key,
	})

	etcd := r.component("etcd", uidEtcd)
	etcd("ca.crt", p.EtcdCA.Cert)
	etcd("server.crt", keys.EtcdServer.Cert)
	etcd("server.key", keys.EtcdServer.Key)
	etcd("peer.crt", keys.EtcdPeer.Cert)
	etcd("peer.key", keys.EtcdPeer.Key)
	r.dir("/var/lib/etcd", 0o700, uidEtcd)
	if r.in.EtcdDevice != "" {
		r.template("/etc/systemd/system/var-lib-etcd.mount", 0o644, "var-lib-etcd.mount", r.in)
	}

	api := r.component("kube-apiserver", uidAPIServer)
	api("ca.crt", p.CA.Cert)
	api("tls.crt", keys.APIServer.Cert)
	api("tls.key", keys.APIServer.Key)
	api("kubelet-client.crt", keys.APIServerKubeletClient.Cert)
	api("kubelet-client.key", keys.APIServerKubeletClient.Key)
	api("etcd-ca.crt", p.EtcdCA.Cert)
	api("etcd-client.crt", keys.APIServerEtcdClient.Cert)
	api("etcd-client.key", keys.APIServerEtcdClient.Key)
	api("front-proxy-ca.crt", p.FrontProxyCA.Cert)
	api("front-proxy-client.crt", keys.FrontProxyClient.Cert)
	api("front-proxy-client.key", keys.FrontProxyClient.Key)
	api("service-account.pub", p.ServiceAccountPub)
	api("service-account.key", p.ServiceAccountKey)
	api("authentication.yaml", r.execute("authentication.yaml", r.in))
	if r.in.Encryption {
		api("encryption.yaml", r.execute("encryption.yaml", r.in))
	}
	if r.in.Audit {
		api("audit-policy.yaml", r.execute("audit-policy.yaml", r.in))
	}
	r.dir("/var/log/kubernetes/kube-apiserver", 0o700, uidAPIServer)

	manager := r.component("kube-controller-manager", uidControllerManager)
	manager("ca.crt", p.CA.Cert)
	manager("ca.key", p.CA.Key)
	manager("front-proxy-ca.crt", p.FrontProxyCA.Cert)
	manager("service-account.key", p.ServiceAccountKey)
	manager("kubeconfig", r.execute("kubeconfig.yaml", kubeconfig{
		Cluster: r.in.Cluster, Server: local, CA: p.CA.Cert,
		User: "system:kube-controller-manager", Cert: keys.ControllerManager.Cert, Key: keys.ControllerManager.Key,
	}))

	scheduler := r.component("kube-scheduler", uidScheduler)
	scheduler("kubeconfig", r.execute("kubeconfig.yaml", kubeconfig{
		Cluster: r.in.Cluster, Server: local, CA: p.CA.Cert,
		User: "system:kube-scheduler", Cert: keys.Scheduler.Cert, Key: keys.Scheduler.Key,
	}))

	// The manifests come last: a kubelet that is already running starts a pod
	// the moment its manifest appears.
	for _, name := range components() {
		r.manifest(name)
	}
}

// components are the static pods of a control plane.
func components() []string {
	return []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}
}

// hashAnnotation, on a static pod, is the hash of its manifest and of its files.
const hashAnnotation = "turnup.dev/files"

// manifest adds a static pod, whose hash covers all that it runs with.
func (r *renderer) manifest(name string) {
	in := r.in
	in.FilesHash = r.hash(r.execute(name+".yaml", in), "/etc/kubernetes/"+name+"/")
	r.template("/etc/kubernetes/manifests/"+name+".yaml", 0o600, name+".yaml", in)
	if r.hashes == nil {
		r.hashes = map[string]string{}
	}
	r.hashes[name+"-"+r.in.Name] = in.FilesHash
}

// component returns a function that adds files only this component can read,
// below /etc/kubernetes/<name>.
func (r *renderer) component(name string, uid int) func(file string, content []byte) {
	r.dir("/etc/kubernetes/"+name, 0o700, uid)
	return func(file string, content []byte) {
		r.file("/etc/kubernetes/"+name+"/"+file, 0o400, uid, content)
	}
}

// hash is that of a text and of all files below a directory.
func (r *renderer) hash(text []byte, dir string) string {
	sum := sha256.New()
	sum.Write(text)
	for _, f := range r.files {
		if strings.HasPrefix(f.Path, dir) {
			fmt.Fprintf(sum, "%s %d\n%s", f.Path, len(f.Content), f.Content)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
