// Package addons is the addon tree a new cluster starts with: one directory
// per addon, plain kustomize, and cluster/, which holds this cluster's values.
package addons

import "embed"

// FS is the tree, its paths relative to this directory ("coredns/service.yaml").
//
//go:embed all:addon-manager bridge/*.yaml bridge/Kconfig bridge/README.md all:aws-cloud-controller all:aws-ebs-csi all:azure-cloud-controller all:azure-disk-csi all:calico all:cilium all:cluster all:coredns all:coredns-autoscaler all:flannel all:fluentd all:gce-cloud-controller all:gce-pd-csi all:headlamp all:kube-proxy all:local-path all:metrics-server all:node-local-dns all:snapshots
var FS embed.FS

// Values is the path in FS of the file that carries a cluster's values. The
// committed one is that of the default config; everything else in the tree is
// the same for every cluster.
const Values = "cluster/values.yaml"
