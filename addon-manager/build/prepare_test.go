package build

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// single builds an addon of one object.
func single(t *testing.T, kustomization, manifest string) (object.Declared, error) {
	t.Helper()
	built, err := One(files("a/kustomization.yaml", "resources: [x.yaml]\n"+kustomization, "a/x.yaml", manifest), "a")
	if err != nil {
		return object.Declared{}, err
	}
	if len(built.Objects) != 1 {
		t.Fatalf("%d objects", len(built.Objects))
	}
	return built.Objects[0], nil
}

func TestADeclaredObjectCarriesItsAddonAndNothingOfTheServer(t *testing.T) {
	o, err := single(t, "", `{apiVersion: apps/v1, kind: Deployment, metadata: {name: x, namespace: n, creationTimestamp: null,
		resourceVersion: "7", uid: u, generation: 3, managedFields: []}, spec: {replicas: 2}, status: {replicas: 1}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"labels":{"turnup.dev/addon":"a"},"name":"x","namespace":"n"},"spec":{"replicas":2}}`
	if diff := cmp.Diff(want, string(o.Data)); diff != "" {
		t.Error(diff)
	}
	if o.Ref != (object.Ref{Group: "apps", Kind: "Deployment", Namespace: "n", Name: "x"}) || o.Version != "v1" || o.File != "a/x.yaml" {
		t.Errorf("%+v", o)
	}
}

func TestAnnotationsAndLabelsAreOptions(t *testing.T) {
	meta := func(rest string) string {
		return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, " + rest + "}\ndata: {k: v}\n"
	}
	for what, tc := range map[string]struct {
		kustomization, manifest string
		want                    object.Options
	}{
		"nothing":                          {"", meta(""), object.Options{}},
		"EnsureExists":                     {"", meta("labels: {addonmanager.kubernetes.io/mode: EnsureExists}"), object.Options{EnsureExists: true}},
		"Reconcile":                        {"", meta("labels: {addonmanager.kubernetes.io/mode: Reconcile}"), object.Options{}},
		"kube-addon-manager's older label": {"", meta(`labels: {kubernetes.io/cluster-service: "true"}`), object.Options{}},
		"the older label with EnsureExists": {"", meta(`labels: {kubernetes.io/cluster-service: "true", addonmanager.kubernetes.io/mode: EnsureExists}`),
			object.Options{EnsureExists: true}},
		"recreate":           {"", meta(`annotations: {turnup.dev/recreate: "true"}`), object.Options{Recreate: true}},
		"adopt":              {"", meta(`annotations: {turnup.dev/adopt: "true"}`), object.Options{Adopt: true}},
		"adopt of the addon": {"metadata: {annotations: {turnup.dev/adopt: \"true\"}}\n", meta(""), object.Options{Adopt: true}},
		"adopt of the addon, but not of this object": {"metadata: {annotations: {turnup.dev/adopt: \"true\"}}\n",
			meta(`annotations: {turnup.dev/adopt: "false"}`), object.Options{}},
		"keep":   {"", meta(`annotations: {turnup.dev/prune: "false"}`), object.Options{Keep: true}},
		"ignore": {"", meta(`annotations: {turnup.dev/ignore: "data.k, data.other,data.k"}`), object.Options{Ignore: []string{"data.k", "data.other"}}},
		"ignore of the addon, as far as it goes": {"metadata: {annotations: {turnup.dev/ignore: \"data.k,spec.replicas\"}}\n",
			meta(`annotations: {turnup.dev/ignore: data.own}`), object.Options{Ignore: []string{"data.k", "data.own"}}},
	} {
		t.Run(what, func(t *testing.T) {
			o, err := single(t, tc.kustomization, tc.manifest)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, o.Options); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAMistakenOptionIsAnError(t *testing.T) {
	for note, want := range map[string]string{
		`labels: {addonmanager.kubernetes.io/mode: ensureexists}`: `a/x.yaml: ConfigMap x: label addonmanager.kubernetes.io/mode is "ensureexists"; it may be Reconcile or EnsureExists`,
		`annotations: {turnup.dev/recreate: "yes"}`:               `a/x.yaml: ConfigMap x: annotation turnup.dev/recreate is "yes"`,
		`annotations: {turnup.dev/ignore: "spec..x"}`:             `"spec..x" is not a path of fields`,
		`annotations: {turnup.dev/ignore: metadata.name}`:         `"metadata.name" cannot be left alone`,
	} {
		_, err := single(t, "", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, "+note+"}\n")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", note, err)
		}
	}
}

func TestPathsOfFields(t *testing.T) {
	content := map[string]any{"metadata": map[string]any{"annotations": map[string]any{"example.com/x": "y"}},
		"spec": map[string]any{"containers": []any{map[string]any{"name": "app", "image": "i"}}}}
	for path, want := range map[string]bool{
		`metadata.annotations.example\.com/x`: true, `metadata.annotations.example.com/x`: false,
		`spec.containers`: true, `spec.containers.[name=app].image`: true, `spec.containers.[name=app].command`: false,
		`spec.containers.[name=other].image`: false, `spec.containers.image`: false, `spec.replicas`: false, `spec.containers.[name=app].image.x`: false,
	} {
		if got := object.ParsePath(path).In(content); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestWhatOnlyOneObjectCanHaveIsClaimed(t *testing.T) {
	pod := func(spec string) string { return "{template: {spec: " + spec + "}}" }
	for what, tc := range map[string]struct {
		version, kind, spec string
		want                []string
	}{
		"a Service's addresses and node ports": {"v1", "Service", `{clusterIP: 10.96.0.10, clusterIPs: [10.96.0.10, "fd00:0::a"],
			ports: [{port: 53, protocol: UDP, nodePort: 30053}, {port: 80, nodePort: 30080}, {port: 81}]}`,
			[]string{"clusterIP 10.96.0.10", "clusterIP fd00::a", "nodePort TCP 30080", "nodePort UDP 30053"}},
		"a headless Service":              {"v1", "Service", `{clusterIP: None, ports: [{port: 53}]}`, nil},
		"a Service that leaves it open":   {"v1", "Service", `{clusterIP: "", ports: [{port: 53, nodePort: 0}]}`, nil},
		"another group's Service":         {"serving.knative.dev/v1", "Service", `{clusterIP: 10.96.0.10}`, nil},
		"a DaemonSet's host ports":        {"apps/v1", "DaemonSet", pod(`{containers: [{name: c, ports: [{containerPort: 1, hostPort: 9100}, {containerPort: 2}]}]}`), []string{"hostPort TCP 9100"}},
		"a Deployment on the host's net":  {"apps/v1", "Deployment", pod(`{hostNetwork: true, containers: [{name: c, ports: [{containerPort: 53, protocol: UDP}]}]}`), []string{"hostPort UDP 53"}},
		"a CronJob":                       {"batch/v1", "CronJob", `{jobTemplate: {spec: ` + pod(`{containers: [{name: c, ports: [{containerPort: 1, hostPort: 7}]}]}`) + `}}`, []string{"hostPort TCP 7"}},
		"a Pod":                           {"v1", "Pod", `{containers: [{name: c, ports: [{containerPort: 1, hostPort: 7}]}]}`, []string{"hostPort TCP 7"}},
		"a custom workload":               {"example.com/v1", "Rollout", pod(`{containers: [{name: c, ports: [{containerPort: 1, hostPort: 7}]}]}`), []string{"hostPort TCP 7"}},
		"what only looks like a workload": {"example.com/v1", "Odd", `{template: text, containers: 3}`, nil},
	} {
		t.Run(what, func(t *testing.T) {
			o, err := single(t, "", "{apiVersion: "+tc.version+", kind: "+tc.kind+", metadata: {name: x, namespace: n}, spec: "+tc.spec+"}")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, o.Claims); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheHashCoversDataAndOptions(t *testing.T) {
	manifest := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {k: v}\n"
	hash := func(kustomization, manifest string) string {
		o, err := single(t, kustomization, manifest)
		if err != nil {
			t.Fatal(err)
		}
		return o.Hash
	}
	same := hash("", manifest)
	if hash("", strings.Replace(manifest, "{k: v}", `{"k": "v"} # the same`, 1)) != same {
		t.Error("it depends on how the manifest is written")
	}
	if hash("", strings.Replace(manifest, "k: v", "k: w", 1)) == same {
		t.Error("it does not cover the data")
	}
	if hash("metadata: {annotations: {turnup.dev/adopt: \"true\"}}\n", manifest) == same {
		t.Error("it does not cover the addon's options")
	}
}

func TestAnObjectTwiceInOneAddonNamesBothFiles(t *testing.T) {
	_, err := One(files("a/kustomization.yaml", "resources: [one.yaml, two.yaml]\n",
		"a/one.yaml", "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: x, namespace: n}}",
		"a/two.yaml", "{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: {name: x, namespace: n}}"), "a")
	if err == nil || !strings.Contains(err.Error(), "PodDisruptionBudget n/x is in a/one.yaml and in a/two.yaml") {
		t.Error(err)
	}
}

func TestTheKustomizationsAnnotationsAreTheAddons(t *testing.T) {
	build := func(annotations string) Addon {
		return New().Build(files("a/kustomization.yaml", "metadata: {annotations: {"+annotations+"}}\nresources: [x.yaml]\n", "a/x.yaml", config))[0]
	}
	plain := build("")
	if plain.Mode != api.Enforce || plain.Network || plain.DependsOn != nil || plain.Err != nil {
		t.Errorf("%+v", plain)
	}
	all := build(`turnup.dev/mode: observe, turnup.dev/wave: network, turnup.dev/depends-on: "c, b,, c "`)
	if all.Mode != api.Observe || !all.Network || all.Err != nil {
		t.Errorf("%+v", all)
	}
	if diff := cmp.Diff([]string{"b", "c"}, all.DependsOn); diff != "" {
		t.Error(diff)
	}
	for annotation, want := range map[string]string{
		"turnup.dev/mode: enforced": `build addon a: a/kustomization.yaml: annotation turnup.dev/mode is "enforced"; it may be enforce or observe`,
		"turnup.dev/wave: first":    `the only wave is network`,
		"turnup.dev/adopt: maybe":   `annotation turnup.dev/adopt is "maybe"`,
	} {
		if addon := build(annotation); addon.Err == nil || !strings.Contains(addon.Err.Error(), want) {
			t.Errorf("%s: %v", annotation, addon.Err)
		}
	}
}
