package main

import (
	"context"
	"fmt"
	"path/filepath"

	authentication "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
)

// The API server's metrics do not say who asked. But requests that go through
// different FlowSchemas are counted apart, and those may tell users and verbs apart.
const (
	// flowBooks and flowNotes are the reads and the writes of ours that are not about the
	// tree's own objects: its inventories, its source, the status and the events.
	flowBooks = "bench-books"
	flowNotes = "bench-notes"
	flowRead  = "bench-read"
	flowWatch = "bench-watch"
	flowWrite = "bench-write"
	flowLease = "bench-lease"
	flowOther = "bench-other"
)

// identities are the contestants' service accounts: the manager has that of its
// manifest, the peers have one together.
func identities() []any { return []any{account(home, "addon-manager"), account(warm, peerAccount)} }

func account(namespace, name string) any {
	return m{"kind": "ServiceAccount", "serviceAccount": m{"namespace": namespace, "name": name}}
}

// home is the manager's own namespace; no tree has anything in it.
const home = "turnup-system"

const peerAccount = "peer"

// accounts are the objects that let the contestants ask, and have it counted.
func accounts() []*unstructured.Unstructured {
	flow := func(name string, precedence int64, rules m) *unstructured.Unstructured {
		if rules["subjects"] == nil {
			rules["subjects"] = identities()
		}
		return &unstructured.Unstructured{Object: m{
			"apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": "FlowSchema", "metadata": m{"name": name},
			"spec": m{
				"priorityLevelConfiguration": m{"name": "workload-low"}, "matchingPrecedence": precedence,
				"distinguisherMethod": m{"type": "ByUser"}, "rules": []any{rules},
			},
		}}
	}
	resources := func(resource string, verbs ...any) m {
		return m{"resourceRules": []any{m{
			"apiGroups": []any{"*"}, "resources": []any{resource}, "verbs": verbs, "namespaces": []any{"*"}, "clusterScope": true,
		}}}
	}
	bookkeeping := func(verbs ...any) m {
		return m{"subjects": []any{account(home, "addon-manager")}, "resourceRules": []any{
			m{"apiGroups": []any{"*"}, "resources": []any{"*"}, "verbs": verbs, "namespaces": []any{home}},
			m{"apiGroups": []any{"turnup.dev"}, "resources": []any{"*"}, "verbs": verbs, "namespaces": []any{"*"}, "clusterScope": true},
			m{"apiGroups": []any{"", "events.k8s.io"}, "resources": []any{"events"}, "verbs": verbs, "namespaces": []any{"*"}},
		}}
	}
	return []*unstructured.Unstructured{
		{Object: m{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": m{"name": peerAccount, "namespace": warm}}},
		{Object: m{
			"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": m{"name": "bench-peer"},
			"roleRef":  m{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
			"subjects": []any{m{"kind": "ServiceAccount", "name": peerAccount, "namespace": warm}},
		}},
		flow(flowLease, 500, resources("leases", "*")),
		flow(flowBooks, 503, bookkeeping("get", "list")),
		flow(flowNotes, 506, bookkeeping("create", "update", "patch", "delete", "deletecollection")),
		flow(flowRead, 510, resources("*", "get", "list")),
		flow(flowWatch, 520, resources("*", "watch")),
		flow(flowWrite, 530, resources("*", "*")),
		flow(flowOther, 540, m{"nonResourceRules": []any{m{"nonResourceURLs": []any{"*"}, "verbs": []any{"*"}}}}),
	}
}

// kubeconfigFor writes the kubeconfig of a service account.
func (c *cluster) kubeconfigFor(ctx context.Context, namespace, name string) (string, error) {
	hours := int64(4 * 3600)
	token, err := c.accounts.ServiceAccounts(namespace).CreateToken(ctx, name,
		&authentication.TokenRequest{Spec: authentication.TokenRequestSpec{ExpirationSeconds: &hours}}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("get a token of %s/%s: %w", namespace, name, err)
	}
	config, err := clientcmd.LoadFromFile(c.Kubeconfig)
	if err != nil {
		return "", err
	}
	for _, user := range config.AuthInfos {
		user.Token = token.Status.Token
	}
	path := filepath.Join(c.dir, name+".kubeconfig")
	return path, clientcmd.WriteToFile(*config, path)
}
