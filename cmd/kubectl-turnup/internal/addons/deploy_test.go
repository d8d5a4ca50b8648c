package addons

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/gitsource"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/tree"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestInitWritesATreeThatBuildsAndOverwritesNothing(t *testing.T) {
	s := newStage(t)
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	if _, err := tree.Start(t.Context(), s.dir, tree.Updating{}); err != nil {
		t.Fatal(err)
	}
	diff, err := s.Diff(t.Context(), Diffing{})
	if err != nil || len(diff.Changes) != 1 || diff.Changes[0].String() != "ConfigMap default/example" || diff.Changes[0].What != created {
		t.Errorf("%v\n%s", err, diff.text())
	}
	content, err := tree.Tree{Dir: s.dir}.Read(t.Context(), false)
	if err != nil || len(content.Revision) != 40 {
		t.Errorf("the new tree is not committed: %+v, %v", content.Revision, err)
	}
	if _, err := tree.Start(t.Context(), s.dir, tree.Updating{}); err == nil || ui.HintOf(err) == "" {
		t.Errorf("a tree was written over another: %v", err)
	}
}

func TestDeployWorksOnAClusterThatTurnupDidNotCreate(t *testing.T) {
	s := newStage(t)
	deployment := func() (host, port, image string) {
		d, err := s.api.Typed.AppsV1().Deployments(object.Namespace).Get(t.Context(), "addon-manager", metav1.GetOptions{})
		s.must(err)
		container := d.Spec.Template.Spec.Containers[0]
		for _, env := range container.Env {
			switch env.Name {
			case "KUBERNETES_SERVICE_HOST":
				host = env.Value
			case "KUBERNETES_SERVICE_PORT":
				port = env.Value
			}
		}
		return host, port, container.Image
	}
	if err := s.Deploy(t.Context(), Deployment{}); err == nil || !strings.Contains(ui.HintOf(err), "--api-server") {
		t.Errorf("an API server on loopback without endpoints: %v", err)
	}
	number, ready := int32(6443), true
	_, err := s.api.Typed.DiscoveryV1().EndpointSlices("default").Create(t.Context(), &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: "kubernetes", Labels: map[string]string{discoveryv1.LabelServiceName: "kubernetes"}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{"192.0.2.7"}, Conditions: discoveryv1.EndpointConditions{Ready: &ready}}},
		Ports:       []discoveryv1.EndpointPort{{Port: &number}},
	}, metav1.CreateOptions{})
	s.must(err)
	t.Cleanup(func() {
		_ = s.api.Typed.DiscoveryV1().EndpointSlices("default").Delete(context.Background(), "kubernetes", metav1.DeleteOptions{})
	})
	s.must(s.Deploy(t.Context(), Deployment{}))
	if host, port, image := deployment(); host != "192.0.2.7" || port != "6443" || !strings.Contains(image, "/addon-manager:v") {
		t.Errorf("host %s, port %s, image %s", host, port, image)
	}
	if !strings.Contains(s.said.String(), "there is no addon tree addons") {
		t.Errorf("it does not say that there is no tree: %q", s.said)
	}

	testdir.Write(t, "token", "abc")
	budget := 5
	spec, err := gitsource.Of("git", gitsource.Request{GitSpec: api.GitSpec{URL: "https://git.example.com/a.git"}, Credentials: gitsource.Credentials{"token": "token"}})
	s.must(err)
	spec.PruneBudget = &budget
	s.must(s.install(t.Context(), s.api, Deployment{Image: "mine:1", APIServer: "192.0.2.8:443", Source: spec, Credentials: gitsource.Credentials{"token": "token"}}))
	t.Cleanup(func() {
		_ = amend(context.Background(), s.api, api.Sources(), api.SourceName, "spec", map[string]any{"type": "push", "git": nil})
	})
	secret, err := s.api.Typed.CoreV1().Secrets(object.Namespace).Get(t.Context(), gitsource.CredentialsName, metav1.GetOptions{})
	s.must(err)
	from, err := readSource(t.Context(), s.api)
	s.must(err)
	if host, port, image := deployment(); host != "192.0.2.8" || port != "443" || image != "mine:1" {
		t.Errorf("host %s, port %s, image %s", host, port, image)
	}
	if string(secret.Data["token"]) != "abc" || from.Spec.Git == nil || from.Spec.Git.Secret != gitsource.CredentialsName || *from.Spec.PruneBudget != 5 {
		t.Errorf("secret %v, source %+v", secret.Data, from.Spec)
	}

	t.Run("a repository that does not answer", func(t *testing.T) {
		condition := map[string]any{"type": api.Fetched, "status": "False", "reason": "FetchFailed", "message": "connection refused", "lastTransitionTime": "2026-01-01T00:00:00Z"}
		body, err := json.Marshal(map[string]any{"status": map[string]any{"conditions": []any{condition}}})
		s.must(err)
		_, err = s.api.Dynamic.Resource(api.Sources()).Patch(t.Context(), api.SourceName, types.MergePatchType, body, metav1.PatchOptions{}, "status")
		s.must(err)
		err = AwaitFetched(t.Context(), s.Out, s.api, time.Second)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "FetchFailed: connection refused") || ui.HintOf(err) == "" {
			t.Errorf("%v", err)
		}
	})
}

func TestAHalfRevisionIsNotPointedAt(t *testing.T) {
	s := newStage(t)
	s.push("aaa1", map[string]string{"one/kustomization.yaml": kustomization("a.yaml"), "one/a.yaml": settings("a", "1")})
	s.push("aaa2", map[string]string{"one/kustomization.yaml": kustomization("a.yaml"), "one/a.yaml": settings("a", "2")})
	chunks, err := s.api.Typed.CoreV1().ConfigMaps(object.Namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "turnup.dev/revision=aaa1"})
	s.must(err)
	for i := range chunks.Items {
		torn := chunks.Items[i]
		s.must(s.api.Typed.CoreV1().ConfigMaps(object.Namespace).Delete(t.Context(), torn.Name, metav1.DeleteOptions{}))
		_, err := s.api.Typed.CoreV1().ConfigMaps(object.Namespace).Create(t.Context(), &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: torn.Name, Labels: torn.Labels, Annotations: torn.Annotations}, BinaryData: map[string][]byte{"tree": {1}},
		}, metav1.CreateOptions{})
		s.must(err)
	}
	if _, err := s.Rollback(t.Context(), "aaa1", false, 0); err == nil {
		t.Error("a torn revision was made the one in force")
	}
	if head, err := source.Current(t.Context(), s.api.Typed.CoreV1()); err != nil || head.Revision != "aaa2" {
		t.Errorf("the head is %+v, %v", head, err)
	}
}

func TestOnlyAServerThatNodesReachIsTheManagers(t *testing.T) {
	for server, want := range map[string]string{
		"https://203.0.113.7:6443":       "203.0.113.7:6443",
		"https://api.example.com":        "api.example.com:443",
		"https://api.example.com/":       "api.example.com:443",
		"https://[2001:db8::1]:6443":     "[2001:db8::1]:6443",
		"https://127.0.0.1:33333":        "",
		"https://localhost:6443":         "",
		"https://[::1]:6443":             "",
		"https://0.0.0.0:6443":           "",
		"https://r.example.com/k8s/c-m1": "",
		"":                               "",
	} {
		if got := reachable(server); got != want {
			t.Errorf("%q: %q, want %q", server, got, want)
		}
	}
}
