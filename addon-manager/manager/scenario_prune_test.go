package manager_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

// many are the manifests of ConfigMaps with numbers from to, and their names.
func many(prefix string, from, to int) (manifests []string) {
	for i := from; i < to; i++ {
		manifests = append(manifests, cm(fmt.Sprintf("%s-%d", prefix, i), "a: b"))
	}
	return manifests
}

// count is how many of an addon's ConfigMaps there are.
func (w *world) count(addon string) int { w.t.Helper(); return len(w.labelled(addon)) }

func (w *world) counts(addon string, want int) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%d objects", want), func() error {
		if n := w.count(addon); n != want {
			return fmt.Errorf("there are %d", n)
		}
		return nil
	})
}

func TestNothingIsPrunedOnAnErrorOfAnyKind(t *testing.T) {
	w := newWorld(t)
	w.start()
	whole := join(of("one", cm("err-one", "a: b"), cm("err-old", "a: b")), of("two", cm("err-two", "a: b"), cm("err-old-two", "a: b")), of("gone", cm("err-gone", "a: b")))
	rest := join(of("one", cm("err-one", "a: c")), of("two", cm("err-two", "a: c")))
	w.ready("two", w.push(whole))
	w.ready("one", w.push(whole))
	w.ready("gone", w.push(whole))
	nothingPruned := func() {
		t.Helper()
		for _, name := range []string{"err-old", "err-old-two", "err-gone"} {
			w.live("configmaps", name)
		}
	}
	w.step("a build error keeps everything of all addons, and applies the rest", func(t *testing.T) {
		w.push(join(rest, of("broken", "a: [b\n")))
		w.becomes("configmaps", "err-one", "data.a", "c")
		w.becomes("configmaps", "err-two", "data.a", "c")
		for _, addon := range []string{"one", "two", "gone"} {
			a := w.says(addon, "addon broken does not build; nothing is pruned until it does")
			if a.Status.Ready != "False" {
				t.Errorf("%s is %s", addon, a.Status.Ready)
			}
		}
		nothingPruned()
	})
	w.step("after a restart, too", func(*testing.T) {
		w.halt()
		w.start()
		w.through(join(rest, of("broken", "a: [b\n")))
		w.says("gone", "addon broken does not build")
		nothingPruned()
	})
	w.step("an object that is refused keeps what its addon owns, and no other's", func(*testing.T) {
		w.push(join(of("one", cm("err-one", "a: d"), cm("err-bad", "a: [1]")), of("two", cm("err-two", "a: d")), of("gone", cm("err-gone", "a: b"))))
		w.becomes("configmaps", "err-one", "data.a", "d")
		w.says("one", "err-bad", "not applied")
		w.vanished("configmaps", "err-old-two")
		w.live("configmaps", "err-old")
	})
	w.step("and when that is settled, it goes", func(*testing.T) {
		w.push(rest)
		w.vanished("configmaps", "err-old")
		w.left("gone")
	})
	for what, tree := range map[string]map[string]string{
		"an empty tree": {"README.md": "nothing\n"}, "addons that build to nothing": {"one/kustomization.yaml": "resources: []\n", "two/kustomization.yaml": "resources: []\n"},
	} {
		w.step(what+" leaves all as it is and enforced, before and after a restart", func(t *testing.T) {
			w.ready("one", w.push(rest))
			w.push(tree)
			w.says("one", "nothing is pruned")
			for range 2 {
				w.delete("configmaps", "default", "err-one")
				w.there("configmaps", "err-one")
				w.live("configmaps", "err-two")
				w.halt()
				w.start()
				w.says("one", "nothing is pruned")
			}
		})
	}
}

func policies(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: resource}
}

// protect makes the API server refuse to delete ConfigMaps with a label, until the returned func.
func (w *world) protect(label string) (release func()) {
	w.t.Helper()
	w.apply(parse(w.t, `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: protect}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [DELETE], resources: [configmaps]}]
  validations: [{expression: "!has(oldObject.metadata.labels) || !('`+label+`' in oldObject.metadata.labels)", message: "not this one"}]
`))
	w.apply(parse(w.t, `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: protect}
spec: {policyName: protect, validationActions: [Deny]}
`))
	release = func() {
		for _, resource := range []string{"validatingadmissionpolicybindings", "validatingadmissionpolicies"} {
			_ = w.objects.Resource(policies(resource)).Delete(noContext(), "protect", metav1.DeleteOptions{})
		}
	}
	w.t.Cleanup(release)
	w.create("configmaps", "somebody", cm("protect-probe", "a: b", ", labels: {"+label+": x}"))
	w.eventually("the policy is in force", func() error {
		err := w.resource("configmaps", "default").Delete(noContext(), "protect-probe", metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}})
		if err == nil {
			return fmt.Errorf("it is not")
		}
		return nil
	})
	return release
}

func TestARefusedDeletionIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	w.start()
	release := w.protect("safe")
	w.ready("refuse", w.push(of("refuse", cm("re-stays", "a: b"), cm("re-safe", "a: b", ", labels: {safe: x}"), cm("re-free", "a: b"))))
	w.push(of("refuse", cm("re-stays", "a: c")))
	w.says("refuse", "re-safe", "not this one")
	w.vanished("configmaps", "re-free")
	if err := w.listedOnlyIn("refuse", "re-safe"); err != nil {
		t.Error(err)
	}
	w.step("after a restart, too", func(*testing.T) {
		w.halt()
		w.start()
		w.says("refuse", "re-safe", "not this one")
		w.live("configmaps", "re-safe")
	})
	release()
	w.vanished("configmaps", "re-safe")
	w.ready("refuse", w.push(of("refuse", cm("re-stays", "a: d"))))
}

func TestMoreThanTheBudgetWaitsForAnApproval(t *testing.T) {
	w := newWorld(t)
	w.start()
	one := of("rest", cm("bu-rest", "a: b"))
	pending := func(count int) api.Addon {
		t.Helper()
		return w.addon("budget", func(a api.Addon) error {
			if p := a.Status.PendingPrune; p == nil || p.Count != count || p.Token == "" {
				return fmt.Errorf("pending is %+v: %s", p, a.Status.Message)
			}
			return nil
		})
	}
	w.ready("budget", w.push(join(one, of("budget", many("bu", 0, 16)...))))
	w.step("nothing of it goes, and the rest is applied", func(t *testing.T) {
		w.through(join(one, of("budget", append(many("bu", 0, 3), cm("bu-new", "a: b"))...)))
		a := pending(13)
		if !strings.Contains(a.Status.Message, "13 of") || !strings.Contains(a.Status.Message, "kubectl turnup addons approve") || len(a.Status.PendingPrune.Objects) != 13 {
			t.Errorf("%s; %+v", a.Status.Message, a.Status.PendingPrune)
		}
		w.there("configmaps", "bu-new")
		if n := w.count("budget"); n != 17 {
			t.Errorf("there are %d", n)
		}
		w.eventually("an event says so", func() error { return w.event("budget", "PruneBlocked", "approve") })
	})
	w.step("an approval is for those objects and no others", func(t *testing.T) {
		old := pending(13).Status.PendingPrune.Token
		w.through(join(one, of("budget", many("bu", 0, 2)...)))
		if now := pending(15).Status.PendingPrune.Token; now == old {
			t.Error("another set has the same token")
		}
		w.ask("budget", `{"approvedPrune":"`+old+`"}`)
		w.through(join(one, of("budget", many("bu", 0, 2)...)))
		pending(15)
		w.counts("budget", 17)
	})
	w.step("approved, it goes; what is refused goes after a restart without being asked again", func(t *testing.T) {
		for i := range 16 {
			w.change("configmaps", fmt.Sprintf("bu-%d", i), "somebody", `{"metadata":{"labels":{"safe":"x"}}}`)
		}
		release := w.protect("safe")
		w.approve("budget")
		w.vanished("configmaps", "bu-new")
		w.says("budget", "not this one")
		w.counts("budget", 16)
		w.halt()
		release()
		w.start()
		w.counts("budget", 2)
	})
	w.step("the same objects once more need an approval once more", func(t *testing.T) {
		w.ready("budget", w.push(join(one, of("budget", append(many("bu", 0, 16), cm("bu-new", "a: b"))...))))
		w.through(join(one, of("budget", many("bu", 0, 2)...)))
		pending(15)
		w.counts("budget", 17)
	})
	w.step("a commit's trailer approves what the commit takes away", func(t *testing.T) {
		w.pushApproved(join(one, of("budget", many("bu", 0, 1)...)))
		w.counts("budget", 1)
	})
	w.step("back in the tree before it could go, nothing is approved any more", func(t *testing.T) {
		w.ready("budget", w.push(join(one, of("budget", many("bu", 0, 16)...))))
		for i := range 16 {
			w.change("configmaps", fmt.Sprintf("bu-%d", i), "somebody", `{"metadata":{"labels":{"safe":"x"}}}`)
		}
		release := w.protect("safe")
		w.pushApproved(join(one, of("budget", many("bu", 0, 2)...), configMap("bu-more", "1")))
		w.says("budget", "not this one")
		w.ready("budget", w.push(join(one, of("budget", many("bu", 0, 16)...))))
		release()
		w.push(join(one, of("budget", many("bu", 0, 1)...), configMap("bu-more", "2")))
		pending(15)
		w.counts("budget", 16)
	})
	w.step("the budget is the source's to set", func(t *testing.T) {
		w.unsourced()
		t.Cleanup(w.unsourcedLater)
		w.sourced(`{"pruneBudget":100}`)
		w.counts("budget", 1)
	})
}

func TestVolumesAndNamespacesAreNotDeletedUnasked(t *testing.T) {
	w := newWorld(t)
	w.start()
	claim := `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: pr-claim, namespace: default}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}
`
	namespace := "apiVersion: v1\nkind: Namespace\nmetadata: {name: pr-space}\n"
	w.push(of("precious", claim, namespace, cm("pr-plain", "a: b"), cm("pr-rest", "a: b")))
	w.there("persistentvolumeclaims", "pr-claim")
	w.there("configmaps", "pr-plain")
	w.push(of("precious", cm("pr-rest", "a: b")))
	a := w.says("precious", "not deleted unasked", "PersistentVolumeClaim default/pr-claim", "Namespace pr-space")
	if a.Status.PendingPrune.Count != 2 {
		t.Errorf("pending is %+v", a.Status.PendingPrune)
	}
	w.vanished("configmaps", "pr-plain")
	w.live("persistentvolumeclaims", "pr-claim")
	w.approve("precious")
	w.vanished("persistentvolumeclaims", "pr-claim")
	// The controller manager takes five seconds to empty a namespace.
	w.eventually("the namespace is on its way", func() error {
		u, err := w.get("namespaces", "", "pr-space")
		if err == nil && u.GetDeletionTimestamp() == nil {
			return fmt.Errorf("it is not being deleted")
		}
		if err != nil {
			return gone(err)
		}
		return nil
	})
}

const gadgets = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.scenario.turnup.dev}
spec:
  group: scenario.turnup.dev
  scope: Namespaced
  names: {kind: Gadget, plural: gadgets}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`

func gadget(name string) string {
	return "apiVersion: scenario.turnup.dev/v1\nkind: Gadget\nmetadata: {name: " + name + ", namespace: default}\n"
}

func TestADefinitionDoesNotTakeOthersObjectsWithIt(t *testing.T) {
	w := newWorld(t)
	w.start()
	rest := of("rest", cm("def-rest", "a: b"))
	definitions := func() error {
		_, err := w.get("customresourcedefinitions.apiextensions.k8s.io", "", "gadgets.scenario.turnup.dev")
		return err
	}
	w.step("somebody else's object of a kind that the tree never used itself", func(t *testing.T) {
		// The manager has looked the kinds up before, and has no reason to do so again.
		w.ready("defines", w.push(join(rest, of("defines", gadgets))))
		w.eventually("it can be made", func() error {
			_, err := w.resource("gadgets.scenario.turnup.dev", "default").Create(context.Background(), parse(t, gadget("foreign")), metav1.CreateOptions{})
			if apierrors.IsAlreadyExists(err) {
				return nil
			}
			return err
		})
		w.push(rest)
		w.approve("defines")
		w.says("defines", "there still is gadgets default/foreign")
		if err := definitions(); err != nil {
			t.Fatal(err)
		}
		if _, err := w.get("gadgets.scenario.turnup.dev", "default", "foreign"); err != nil {
			t.Fatalf("somebody else's object went with its definition: %v", err)
		}
		if err := w.resource("gadgets.scenario.turnup.dev", "default").Delete(t.Context(), "foreign", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		w.eventually("the definition is gone", func() error { return gone(definitions()) })
	})
	w.step("its own objects in the same revision go first", func(t *testing.T) {
		w.ready("defines", w.push(join(rest, of("defines", gadgets, gadget("mine")), of("uses", gadget("also-mine")))))
		w.ready("uses", w.push(join(rest, of("defines", gadgets, gadget("mine")), of("uses", gadget("also-mine")))))
		w.pushApproved(rest)
		w.eventually("the definition is gone", func() error { return gone(definitions()) })
		w.left("uses")
		w.left("defines")
		log := w.log.all()
		definition := strings.LastIndex(log, `msg=pruned addon=defines object="CustomResourceDefinition`)
		for _, own := range []string{"Gadget default/mine", "Gadget default/also-mine"} {
			if at := strings.LastIndex(log, `object="`+own+`" fate=gone`); at < 0 || at > definition {
				t.Errorf("%s was not pruned first", own)
			}
		}
	})
}
