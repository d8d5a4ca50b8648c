// Package kubeconfig writes the way into a cluster: as a file of its own, and
// as three entries among the user's others.
package kubeconfig

import (
	"bytes"
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Entry is an admin's access to one cluster.
type Entry struct {
	// Cluster is the cluster's name.
	Cluster string
	// Endpoint is the host:port of the API server.
	Endpoint string
	// CA, Cert and Key are PEM.
	CA, Cert, Key []byte
}

// Context is the name of a cluster's context, cluster and user entries.
func Context(cluster string) string { return "turnup-" + cluster }

// Encode returns a kubeconfig with this one entry, selected.
func (e Entry) Encode() ([]byte, error) {
	config := clientcmdapi.NewConfig()
	e.put(config)
	config.CurrentContext = Context(e.Cluster)
	data, err := clientcmd.Write(*config)
	if err != nil {
		return nil, fmt.Errorf("encode the kubeconfig of %s: %w", e.Cluster, err)
	}
	return data, nil
}

// put sets the three entries, and reports whether anything changed. Of a
// context that is there already, the namespace the user chose stays.
func (e Entry) put(config *clientcmdapi.Config) bool {
	name := Context(e.Cluster)
	cluster := clientcmdapi.NewCluster()
	cluster.Server = "https://" + e.Endpoint
	cluster.CertificateAuthorityData = e.CA
	user := clientcmdapi.NewAuthInfo()
	user.ClientCertificateData, user.ClientKeyData = e.Cert, e.Key
	context := clientcmdapi.NewContext()
	context.Cluster, context.AuthInfo = name, name

	oldCluster, oldUser, oldContext := config.Clusters[name], config.AuthInfos[name], config.Contexts[name]
	if oldContext != nil {
		context.Namespace = oldContext.Namespace
	}
	same := oldCluster != nil && oldUser != nil && oldContext != nil &&
		oldCluster.Server == cluster.Server &&
		bytes.Equal(oldCluster.CertificateAuthorityData, cluster.CertificateAuthorityData) &&
		bytes.Equal(oldUser.ClientCertificateData, user.ClientCertificateData) &&
		bytes.Equal(oldUser.ClientKeyData, user.ClientKeyData) &&
		oldContext.Cluster == name && oldContext.AuthInfo == name
	config.Clusters[name], config.AuthInfos[name], config.Contexts[name] = cluster, user, context
	return !same
}
