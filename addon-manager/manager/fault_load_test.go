package manager_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"turnup.dev/kubectl-turnup/addon-manager/source"
)

// text is noise that packs to half its size, as long as asked.
func text(random *rand.Rand, size int) string {
	noise := make([]byte, size/2)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	return hex.EncodeToString(noise)
}

// bulk is an addon of one ConfigMap in the namespace default.
func bulk(addon, value string) map[string]string {
	return map[string]string{
		addon + "/kustomization.yaml": `{"resources":["config.yaml"]}`,
		addon + "/config.yaml": fmt.Sprintf(
			`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%q,"namespace":"default"},"data":{"value":%q}}`, addon, value),
	}
}

// bulkIs tells whether an addon's ConfigMap has a value.
func (a *arena) bulkIs(addon, value string) error {
	live, err := a.maps.ConfigMaps("default").Get(context.Background(), addon, metav1.GetOptions{})
	if err == nil && live.Data["value"] != value {
		err = fmt.Errorf("%s has a value of %d bytes, %.20q", addon, len(live.Data["value"]), live.Data["value"])
	}
	return err
}

func (a *arena) clearMaps(names ...string) {
	a.Cleanup(func() {
		for _, name := range names {
			err := a.maps.ConfigMaps("default").Delete(context.Background(), name, metav1.DeleteOptions{})
			if err != nil && !apierrors.IsNotFound(err) {
				a.Logf("clear: %v", err)
			}
		}
	})
}

// TestOfAThousandCommitsTheLastOneCounts pushes as fast as it can, and looks at the manager's memory.
func TestOfAThousandCommitsTheLastOneCounts(t *testing.T) {
	a := newArena(t)
	a.clearMaps("commits", "commits-still")
	manager := a.process(a.proxy, "commits")
	count := rounds(100, 1000)
	var third int64
	for i := range count {
		a.ship(join(bulk("commits", fmt.Sprint(i)), bulk("commits-still", "x")), fmt.Sprint("commit ", i))
		if i == count/3 {
			a.until("a commit has arrived", patient, func() error { return a.bulkIs("commits", fmt.Sprint(i)) })
			third = a.memory(manager.Memory())
		}
	}
	begin := time.Now()
	a.until("the last one counts", patient, func() error { return a.bulkIs("commits", fmt.Sprint(count-1)) })
	t.Logf("the last of %d commits arrived after %s", count, time.Since(begin))
	last := a.memory(manager.Memory())
	t.Logf("%d MiB after a third, %d MiB at the end", third>>20, last>>20)
	if last > third+32<<20 {
		t.Errorf("its memory grew from %d to %d MiB", third>>20, last>>20)
	}
	heads, err := source.Revisions(t.Context(), a.maps)
	// Within one second their order is that of their names; the one that counts stays wherever it is in it.
	if err != nil || len(heads) < 10 || len(heads) > 11 {
		t.Errorf("%d revisions are kept, not 10 (%v)", len(heads), err)
	}
}

func (a *arena) memory(bytes int64, err error) int64 {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
	return bytes
}

func TestAnObjectOfAMegabyteIsApplied(t *testing.T) {
	a := newArena(t)
	a.clearMaps("megabyte", "megabyte-other")
	a.manage()
	for range 2 {
		value, small := text(dice(seed()), 1_000_000), fmt.Sprint(time.Now().UnixNano())
		a.ship(join(bulk("megabyte", value), bulk("megabyte-other", small)), "large")
		a.until("it is there", patient, func() error { return a.bulkIs("megabyte", value) })
		a.until("and the other", patient, func() error { return a.bulkIs("megabyte-other", small) })
	}
	t.Run("one that is too large is an error of its own", func(t *testing.T) {
		a.ship(join(bulk("megabyte", text(dice(2), 2_000_000)), bulk("megabyte-other", "last")), "too large")
		a.until("the other is there", patient, func() error { return a.bulkIs("megabyte-other", "last") })
	})
}

func TestATreeOfTwentyMegabytesIsApplied(t *testing.T) {
	a := newArena(t)
	random := dice(seed())
	files, values := map[string]string{}, map[string]string{}
	for i := range 20 {
		name := fmt.Sprintf("twenty-%d", i)
		values[name] = text(random, 500_000)
		files = join(files, bulk(name, values[name]), map[string]string{name + "/NOTES.md": text(random, 500_000)})
		a.clearMaps(name)
	}
	manager := a.process(a.proxy, "twenty")
	begin := time.Now()
	a.ship(files, "twenty megabytes")
	t.Logf("pushed after %s", time.Since(begin))
	a.until("all of it is there", patient, func() error { return a.bulksAre(values) })
	t.Logf("there after %s; the manager has %d MiB", time.Since(begin), a.memory(manager.Memory())>>20)
	t.Run("and one line of it changes", func(t *testing.T) {
		values["twenty-7"] = "short"
		a.ship(join(files, bulk("twenty-7", "short")), "one line")
		begin := time.Now()
		a.until("all of it is there", patient, func() error { return a.bulksAre(values) })
		t.Logf("there after %s; the manager has %d MiB", time.Since(begin), a.memory(manager.Memory())>>20)
	})
}

func (a *arena) bulksAre(values map[string]string) error {
	for name, value := range values {
		if err := a.bulkIs(name, value); err != nil {
			return err
		}
	}
	return nil
}

// gear is the definition of a kind of which only the number differs.
func gear(group string, i int) string {
	return fmt.Sprintf(`{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"gears%[2]d.%[1]s"},
"spec":{"group":%[1]q,"scope":"Namespaced","names":{"kind":"Gear%[2]d","plural":"gears%[2]d","singular":"gear%[2]d"},
"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}`, group, i)
}

// TestManyKindsAtOnce defines kinds and makes objects of them in one revision.
func TestManyKindsAtOnce(t *testing.T) {
	a := newArena(t)
	const group = "many.example.turnup.dev"
	kinds, each := rounds(20, 100), rounds(10, 50)
	crds := a.objects.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	t.Cleanup(func() {
		for i := range kinds {
			_ = crds.Delete(context.Background(), fmt.Sprintf("gears%d.%s", i, group), metav1.DeleteOptions{}) // Most are gone by now.
		}
	})
	tree := func(value string) map[string]string {
		files := map[string]string{"many-zz/kustomization.yaml": `{"resources":["crds.yaml"]}`}
		var all []string
		for i := range kinds {
			all = append(all, gear(group, i))
			addon, list := fmt.Sprintf("many-%d", i%10), []string{}
			for n := range each {
				list = append(list, fmt.Sprintf(`{"apiVersion":"%s/v1","kind":"Gear%d","metadata":{"name":"x%d","namespace":"default"},"spec":{"value":%q}}`, group, i, n, value))
			}
			files[fmt.Sprintf("%s/gear%d.yaml", addon, i)] = strings.Join(list, "\n---\n")
			files[addon+"/kustomization.yaml"] = strings.TrimSuffix(files[addon+"/kustomization.yaml"], "]}")
			if files[addon+"/kustomization.yaml"] == "" {
				files[addon+"/kustomization.yaml"] = `{"resources":[`
			} else {
				files[addon+"/kustomization.yaml"] += ","
			}
			files[addon+"/kustomization.yaml"] += fmt.Sprintf(`"gear%d.yaml"]}`, i)
		}
		files["many-zz/crds.yaml"] = strings.Join(all, "\n---\n")
		return join(files, bulk("many-keeper", "x"))
	}
	a.clearMaps("many-keeper")
	manager := a.process(a.proxy, "many")
	for _, value := range []string{"one", "two"} {
		begin := time.Now()
		a.ship(tree(value), value)
		a.until("all objects are there", 4*patient, func() error { return a.gearsAre(group, kinds, each, value) })
		t.Logf("%d objects of %d kinds are %s after %s; the manager has %d MiB", kinds*each, kinds, value, time.Since(begin), a.memory(manager.Memory())>>20)
	}
	begin := time.Now()
	a.ship(bulk("many-keeper", "x"), "nothing of it"+approved)
	a.until("all of them are gone", 4*patient, func() error {
		list, err := crds.List(context.Background(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		for i := range list.Items {
			if strings.HasSuffix(list.Items[i].GetName(), group) {
				return fmt.Errorf("%s is still there", list.Items[i].GetName())
			}
		}
		return nil
	})
	t.Logf("gone after %s", time.Since(begin))
}

func (a *arena) gearsAre(group string, kinds, each int, value string) error {
	for i := range kinds {
		gvr := schema.GroupVersionResource{Group: group, Version: "v1", Resource: fmt.Sprintf("gears%d", i)}
		if n, err := count(a.objects, gvr, value); err != nil || n != each {
			return fmt.Errorf("%d of %d %s are %s (%v)", n, each, gvr.Resource, value, err)
		}
	}
	return nil
}

// count is how many objects in the namespace default have a value.
func count(client dynamic.Interface, gvr schema.GroupVersionResource, value string) (n int, err error) {
	list, err := client.Resource(gvr).Namespace("default").List(context.Background(), metav1.ListOptions{})
	if err != nil {
		return 0, err
	}
	for i := range list.Items {
		if got, _, _ := unstructured.NestedString(list.Items[i].Object, "spec", "value"); got == value {
			n++
		}
	}
	return n, nil
}
