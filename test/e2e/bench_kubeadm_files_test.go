package e2e

// The files of kubeadm's packages, as kubernetes/release has them.
const (
	benchUnit = `[Unit]
Description=kubelet: The Kubernetes Node Agent
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
`
	benchDropIn = `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`
	// The machine's own facts, its cgroup driver among them.
	benchKubeletArgs = `KUBELET_EXTRA_ARGS=--config-dir=/etc/kubernetes/kubelet.conf.d --node-ip=ADDRESS
`
	benchSandbox = `version = 3

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "PAUSE"
`
)

// kubeadm's configs. The evictions are those of bootstrap/files/kubelet.yaml: a
// machine's disk is this computer's. Keys are ECDSA, as ours: RSA's take seconds.
const (
	benchInit = `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
bootstrapTokens:
- token: bench0.0123456789abcdef
  ttl: 1h0m0s
localAPIEndpoint:
  advertiseAddress: HOST
  bindPort: 6443
nodeRegistration:
  criSocket: unix:///run/containerd/containerd.sock
  name: NAME
# As kind does: it would pull images and look for tools that nothing here needs.
skipPhases: [preflight, addon/coredns, addon/kube-proxy]
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: VERSION
clusterName: bench-kubeadm
encryptionAlgorithm: ECDSA-P256
networking:
  podSubnet: 10.244.0.0/16
  serviceSubnet: 10.96.0.0/16
  dnsDomain: cluster.local
etcd:
  local:
    dataDir: /var/lib/etcd
    imageTag: ETCD
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
clusterDomain: cluster.local
clusterDNS: [10.96.0.10]
cgroupDriver: cgroupfs
failSwapOn: false
serializeImagePulls: false
evictionHard:
  nodefs.available: 0%
  nodefs.inodesFree: 0%
  imagefs.available: 0%
  imagefs.inodesFree: 0%
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
`
	// Discovery by file: there is nothing to poll for, unlike with a token.
	benchJoin = `apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
discovery:
  file:
    kubeConfigPath: /etc/kubeadm/discovery.conf
  tlsBootstrapToken: bench0.0123456789abcdef
nodeRegistration:
  criSocket: unix:///run/containerd/containerd.sock
  name: NAME
`
)
