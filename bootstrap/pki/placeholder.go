package pki

import "turnup.dev/kubectl-turnup/internal/machines"

// Placeholder is a PKI without secrets, the same every time: each key and
// certificate is a line that says which one would stand there.
func Placeholder(planes []machines.Machine) *PKI {
	p := &PKI{
		CA: placeholder("ca"), EtcdCA: placeholder("etcd-ca"), FrontProxyCA: placeholder("front-proxy-ca"),
		ServiceAccountKey: []byte("<pki/service-account.key>\n"),
		ServiceAccountPub: []byte("<pki/service-account.pub>\n"),
		EncryptionKey:     "<pki/encryption.key>",
		Admin:             placeholder("admin"),
		Token:             Token{ID: "<token id>", Secret: "<token secret>"},
		SSH:               SSHKey{Private: []byte("<pki/ssh>\n"), Public: "<pki/ssh.pub>"},
		ControlPlanes:     map[string]ControlPlane{},
	}
	for _, m := range planes {
		at := func(name string) Pair { return placeholder("machines/" + m.Name + "/" + name) }
		p.ControlPlanes[m.Name] = ControlPlane{
			APIServer:              at("kube-apiserver"),
			APIServerKubeletClient: at("kube-apiserver-kubelet-client"),
			APIServerEtcdClient:    at("kube-apiserver-etcd-client"),
			FrontProxyClient:       at("front-proxy-client"),
			EtcdServer:             at("etcd-server"),
			EtcdPeer:               at("etcd-peer"),
			ControllerManager:      at("kube-controller-manager"),
			Scheduler:              at("kube-scheduler"),
			Kubelet:                at("kubelet"),
		}
	}
	return p
}

func placeholder(name string) Pair {
	return Pair{Cert: []byte("<pki/" + name + ".crt>\n"), Key: []byte("<pki/" + name + ".key>\n")}
}
