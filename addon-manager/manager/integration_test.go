package manager_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

func refOf(u *unstructured.Unstructured) object.Ref { return object.RefOf(u) }

// configMap is an addon of one ConfigMap in the namespace default.
func configMap(addon, value string) map[string]string {
	return map[string]string{
		addon + "/kustomization.yaml": "resources: [config.yaml]\n",
		addon + "/config.yaml": fmt.Sprintf(
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: default}\ndata: {key: %q}\n", addon, value),
	}
}

func join(parts ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

func gone(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("it is still there (%v)", err)
}

func TestACommitBecomesTheCluster(t *testing.T) {
	w := newWorld(t)
	w.start()
	first := w.push(configMap("commit", "one"))
	w.ready("commit", first)
	if got := w.data("default", "commit", "key"); got != "one" {
		t.Fatalf("data is %q", got)
	}
	begin := time.Now()
	second := w.push(configMap("commit", "two"))
	w.eventually("the second commit arrives", func() error {
		if got := w.data("default", "commit", "key"); got != "two" {
			return fmt.Errorf("data is %q", got)
		}
		return nil
	})
	t.Logf("commit → applied: %s", time.Since(begin))
	w.ready("commit", second)
}

func TestDriftIsUndone(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.ready("drift", w.push(configMap("drift", "right")))
	t.Run("a changed field gets its value back", func(t *testing.T) {
		begin := time.Now()
		w.patch("configmaps", "default", "drift", `{"data":{"key":"wrong"}}`)
		w.eventually("the value is back", func() error {
			if got := w.data("default", "drift", "key"); got != "right" {
				return fmt.Errorf("data is %q", got)
			}
			return nil
		})
		t.Logf("drift undone after %s", time.Since(begin))
	})
	t.Run("a deleted object comes back", func(t *testing.T) {
		begin := time.Now()
		w.delete("configmaps", "default", "drift")
		w.eventually("the object is back", func() error { _, err := w.get("configmaps", "default", "drift"); return err })
		t.Logf("back after %s", time.Since(begin))
	})
	t.Run("the label that we watch by comes back", func(t *testing.T) {
		w.patch("configmaps", "default", "drift", `{"metadata":{"labels":{"turnup.dev/addon":null}}}`)
		w.eventually("the label is back", func() error {
			u, err := w.get("configmaps", "default", "drift")
			if err == nil && u.GetLabels()[object.Label] != "drift" {
				err = fmt.Errorf("labels are %v", u.GetLabels())
			}
			return err
		})
	})
	t.Run("what others add is left alone", func(t *testing.T) {
		w.patch("configmaps", "default", "drift", `{"data":{"other":"mine"}}`)
		time.Sleep(3 * time.Second)
		if got := w.data("default", "drift", "other"); got != "mine" {
			t.Fatalf("data.other is %q", got)
		}
	})
}

func TestWhatLeavesTheTreeIsPruned(t *testing.T) {
	w := newWorld(t)
	w.start()
	extra := map[string]string{
		"prune/kustomization.yaml": "resources: [config.yaml, extra.yaml]\n",
		"prune/extra.yaml":         "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: prune-extra, namespace: default}\n",
	}
	w.ready("prune", w.push(join(configMap("prune", "x"), extra, configMap("stays", "x"))))
	t.Run("an object", func(t *testing.T) {
		w.ready("prune", w.push(join(configMap("prune", "x"), configMap("stays", "x"))))
		w.eventually("the object is gone", func() error { _, err := w.get("configmaps", "default", "prune-extra"); return gone(err) })
	})
	t.Run("a whole addon, its inventory and its status", func(t *testing.T) {
		w.ready("stays", w.push(configMap("stays", "x")))
		w.eventually("the object is gone", func() error { _, err := w.get("configmaps", "default", "prune"); return gone(err) })
		w.eventually("the inventory is gone", func() error { _, err := w.get("configmaps", "turnup-system", "inventory-prune"); return gone(err) })
		w.eventually("the Addon is gone", func() error {
			_, err := w.objects.Resource(api.Addons()).Get(t.Context(), "prune", metav1.GetOptions{})
			return gone(err)
		})
	})
	t.Run("an empty tree prunes nothing and says so", func(t *testing.T) {
		w.push(map[string]string{"README.md": "nothing here\n"})
		w.addon("stays", func(a api.Addon) error {
			if !strings.Contains(a.Status.Message, "empty") || a.Status.Ready != "False" {
				return fmt.Errorf("%s: %q", a.Status.Ready, a.Status.Message)
			}
			return nil
		})
		time.Sleep(time.Second)
		if _, err := w.get("configmaps", "default", "stays"); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("an addon that builds to nothing prunes nothing and says so", func(t *testing.T) {
		w.push(join(map[string]string{"stays/kustomization.yaml": "resources: []\n"}))
		w.says("stays", "builds to nothing")
		if _, err := w.get("configmaps", "default", "stays"); err != nil {
			t.Fatal(err)
		}
		w.delete("configmaps", "default", "stays")
		w.eventually("the last good set is still enforced", func() error { _, err := w.get("configmaps", "default", "stays"); return err })
	})
}

func TestOneBadAddonBlocksNoOther(t *testing.T) {
	w := newWorld(t)
	w.start()
	good := w.push(join(configMap("bad", "1"), configMap("fine", "1")))
	w.ready("bad", good)
	for what, broken := range map[string]map[string]string{
		"a build error":       {"bad/kustomization.yaml": "resources: [missing.yaml]\n"},
		"YAML that is none":   {"bad/config.yaml": "a: [b\n"},
		"a remote base":       {"bad/kustomization.yaml": "resources: [https://example.invalid/x.yaml]\n"},
		"a refused object":    {"bad/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad, namespace: default}\ndata: {key: [1]}\n"},
		"an unknown kind":     {"bad/config.yaml": "apiVersion: example.invalid/v1\nkind: Nothing\nmetadata: {name: x, namespace: default}\n"},
		"a missing namespace": {"bad/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad, namespace: nowhere}\n"},
	} {
		t.Run(what, func(t *testing.T) {
			revision := w.push(join(configMap("bad", "1"), broken, configMap("fine", what)))
			w.ready("fine", revision)
			if got := w.data("default", "fine", "key"); got != what {
				t.Fatalf("data is %q", got)
			}
			w.addon("bad", func(a api.Addon) error {
				if a.Status.Ready != "False" || a.Status.Revision != revision || a.Status.Message == "" {
					return fmt.Errorf("%s at %s: %q", a.Status.Ready, a.Status.Revision, a.Status.Message)
				}
				t.Logf("message: %s", a.Status.Message)
				return nil
			})
			if got := w.data("default", "bad", "key"); got != "1" {
				t.Fatalf("the last good object of the broken addon has %q", got)
			}
		})
	}
	w.ready("bad", w.push(join(configMap("bad", "2"), configMap("fine", "2"))))
}

func TestTwoAddonsThatClaimOneObjectAreNamed(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.ready("owner", w.push(configMap("owner", "1")))
	thief := map[string]string{
		"thief/kustomization.yaml": "resources: [config.yaml]\n", "thief/config.yaml": configMap("owner", "stolen")["owner/config.yaml"],
	}
	revision := w.push(join(configMap("owner", "2"), thief))
	w.ready("owner", revision)
	w.addon("thief", func(a api.Addon) error {
		for _, part := range []string{"owner/config.yaml", "thief/config.yaml", "ConfigMap default/owner"} {
			if !strings.Contains(a.Status.Message, part) {
				return fmt.Errorf("message %q does not name %s", a.Status.Message, part)
			}
		}
		return nil
	})
	if got := w.data("default", "owner", "key"); got != "2" {
		t.Fatalf("the owner's object has %q", got)
	}
}

func TestAnObjectMovesBetweenAddonsWithoutBeingDeleted(t *testing.T) {
	w := newWorld(t)
	w.start()
	before := join(configMap("mover", "1"), configMap("from", "1"))
	w.ready("mover", w.push(before))
	old, err := w.get("configmaps", "default", "mover")
	if err != nil {
		t.Fatal(err)
	}
	after := join(configMap("from", "1"), map[string]string{
		"to/kustomization.yaml": "resources: [config.yaml]\n", "to/config.yaml": configMap("mover", "2")["mover/config.yaml"],
	})
	w.ready("to", w.push(after))
	w.eventually("the old addon is gone", func() error { _, err := w.get("configmaps", "turnup-system", "inventory-mover"); return gone(err) })
	now, err := w.get("configmaps", "default", "mover")
	if err != nil || now.GetUID() != old.GetUID() {
		t.Fatalf("uid %s became %s (%v)", old.GetUID(), now.GetUID(), err)
	}
	if got := w.data("default", "mover", "key"); got != "2" {
		t.Fatalf("data is %q", got)
	}
}
