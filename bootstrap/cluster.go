package bootstrap

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	corev1 "k8s.io/api/core/v1"

	"turnup.dev/kubectl-turnup/bootstrap/objects"
	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/serverside"
	"turnup.dev/kubectl-turnup/internal/wait"
)

// The longest that the waits of a cluster's start may take.
const (
	APIBudget     = 4 * time.Minute
	objectsBudget = time.Minute
	NodesBudget   = 3 * time.Minute
)

// Cluster is a control plane that is starting, or has started.
type Cluster struct {
	name   string
	rest   *rest.Config
	client kubernetes.Interface
	dyn    dynamic.Interface
}

// Connect makes a client for the API server at an endpoint (host:port) that
// trusts only the cluster's CA. Nothing is dialled yet.
func Connect(name, endpoint string, ca []byte, identity pki.Pair) (*Cluster, error) {
	cfg := &rest.Config{
		Host: "https://" + endpoint,
		TLSClientConfig: rest.TLSClientConfig{
			CAData: ca, CertData: identity.Cert, KeyData: identity.Key,
		},
		QPS: 100, Burst: 200,
		Timeout: 15 * time.Second,
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("make API client: %w", err)
	}
	dyn, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("make API client: %w", err)
	}
	return &Cluster{name: name, rest: cfg, client: client, dyn: dyn}, nil
}

// Client is the typed client of the cluster.
func (c *Cluster) Client() kubernetes.Interface { return c.client }

// REST is the client configuration of the cluster.
func (c *Cluster) REST() *rest.Config { return rest.CopyConfig(c.rest) }

// AwaitAPI waits until the API server says that it is ready. see hears what it
// says until then.
func (c *Cluster) AwaitAPI(ctx context.Context, see func(string)) error {
	return wait.For(ctx, wait.Options{
		What: "the API server of " + c.name, Budget: APIBudget, Every: 100 * time.Millisecond, See: see,
	}, func(ctx context.Context) (bool, string, error) {
		body, err := c.client.Discovery().RESTClient().Get().AbsPath("/readyz").Timeout(5 * time.Second).DoRaw(ctx)
		if err != nil {
			return false, firstLines(err.Error()+" "+string(body), 3), nil
		}
		return true, "", nil
	})
}

// AwaitPods waits until static pods that ran before run as they were rendered:
// until then the old ones answer, and go away the next moment.
func (c *Cluster) AwaitPods(ctx context.Context, rendered map[string]string, see func(string)) error {
	if len(rendered) == 0 {
		return nil
	}
	return wait.For(ctx, wait.Options{
		What: "the control plane to run as rendered", Budget: APIBudget, Every: 200 * time.Millisecond, See: see,
	}, func(ctx context.Context) (bool, string, error) {
		list, err := c.client.CoreV1().Pods(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{LabelSelector: "tier=control-plane"})
		if err != nil {
			return false, "", err
		}
		pods := map[string]corev1.Pod{}
		for _, pod := range list.Items {
			pods[pod.Name] = pod
		}
		var waiting []string
		for name, hash := range rendered {
			pod, there := pods[name]
			switch {
			case !there:
				waiting = append(waiting, name+" is not there")
			case pod.Annotations[hashAnnotation] != hash:
				waiting = append(waiting, name+" runs as another manifest says")
			case !PodReady(pod):
				waiting = append(waiting, name+" is not ready")
			}
		}
		slices.Sort(waiting)
		return len(waiting) == 0, "not yet: " + strings.Join(waiting, ", "), nil
	})
}

// PodReady tells whether a pod says that it is ready.
func PodReady(pod corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// Install applies what workers need to join: RBAC, the bootstrap token, the
// machines. It is repeated until the API server has made its own namespaces.
func (c *Cluster) Install(ctx context.Context, p *pki.PKI, file machines.File) error {
	list, err := clusterObjects(c.name, p, file)
	if err != nil {
		return err
	}
	for _, object := range list {
		if err := serverside.Apply(ctx, c.dyn, object, objectsBudget, nil); err != nil {
			return fmt.Errorf("install %s: %w", serverside.Title(object), err)
		}
	}
	return nil
}

func clusterObjects(name string, p *pki.PKI, file machines.File) ([]*unstructured.Unstructured, error) {
	t, err := template.New("cluster.yaml").Option("missingkey=error").
		Funcs(template.FuncMap{"base64": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }}).
		Parse(objects.Cluster)
	if err != nil {
		return nil, fmt.Errorf("parse cluster objects: %w", err)
	}
	var out bytes.Buffer
	err = t.Execute(&out, map[string]string{
		"Cluster": name, "AdminGroup": pki.AdminGroup, "KubeletClient": pki.KubeletClient,
		"TokenID": p.Token.ID, "TokenSecret": p.Token.Secret,
		"TokenExpires": p.Token.Expires.UTC().Format(time.RFC3339),
		"Machines":     string(file.Encode()),
	})
	if err != nil {
		return nil, fmt.Errorf("fill in cluster objects: %w", err)
	}
	var list []*unstructured.Unstructured
	dec := yaml.NewYAMLOrJSONDecoder(&out, 4096)
	for {
		object := &unstructured.Unstructured{}
		switch err := dec.Decode(&object.Object); {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, fmt.Errorf("decode cluster objects: %w", err)
		}
		if len(object.Object) > 0 {
			list = append(list, object)
		}
	}
}

// Heartbeats are what kubelets last reported, by machine: the version of the
// Lease that each renews. Versions, unlike times, need no clock.
type Heartbeats map[string]string

// Heartbeats reads them. An API server that does not answer has seen none.
func (c *Cluster) Heartbeats(ctx context.Context) Heartbeats {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	seen := Heartbeats{}
	list, err := c.client.CoordinationV1().Leases(corev1.NamespaceNodeLease).List(ctx, metav1.ListOptions{})
	if err != nil {
		return seen
	}
	for _, lease := range list.Items {
		seen[lease.Name] = lease.ResourceVersion
	}
	return seen
}

// silent lists the machines that have not reported since: their Nodes may still
// say Ready, for the most of a minute.
func (c *Cluster) silent(ctx context.Context, since Heartbeats) ([]string, error) {
	if len(since) == 0 {
		return nil, nil
	}
	list, err := c.client.CoordinationV1().Leases(corev1.NamespaceNodeLease).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	var silent []string
	for _, lease := range list.Items {
		if version, ok := since[lease.Name]; ok && version == lease.ResourceVersion {
			silent = append(silent, lease.Name)
		}
	}
	return silent, nil
}

func firstLines(text string, n int) string {
	lines := strings.SplitN(strings.TrimSpace(text), "\n", n+1)
	if len(lines) > n {
		lines = lines[:n]
	}
	return strings.Join(lines, " ")
}
