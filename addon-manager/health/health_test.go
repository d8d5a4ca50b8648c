package health

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

func TestADaemonSetIsHealthyWhenItRunsOnEveryNode(t *testing.T) {
	const head = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: x, namespace: y, generation: 2, resourceVersion: '7'}\n"
	for what, test := range map[string]struct {
		status  string
		healthy bool
		mostly  bool
	}{
		"nobody looked yet":                    {status: "", healthy: false},
		"an older spec was looked at":          {status: "status: {observedGeneration: 1, desiredNumberScheduled: 0, currentNumberScheduled: 0, numberReady: 0}"},
		"no node yet":                          {status: "status: {observedGeneration: 2, desiredNumberScheduled: 0, currentNumberScheduled: 0, updatedNumberScheduled: 0, numberAvailable: 0, numberReady: 0}", healthy: true, mostly: true},
		"one of two nodes":                     {status: "status: {observedGeneration: 2, desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1, numberReady: 1}"},
		"two of three nodes, by an older look": {status: "status: {observedGeneration: 1, desiredNumberScheduled: 3, currentNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 2, numberReady: 2}"},
		"two of three nodes":                   {status: "status: {observedGeneration: 2, desiredNumberScheduled: 3, currentNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 2, numberReady: 2}", mostly: true},
		"an old pod still runs":                {status: "status: {observedGeneration: 2, desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 1, numberAvailable: 2, numberReady: 2}"},
		"all of two nodes":                     {status: "status: {observedGeneration: 2, desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2, numberReady: 2}", healthy: true, mostly: true},
	} {
		t.Run(what, func(t *testing.T) {
			live := &unstructured.Unstructured{}
			data, err := yaml.YAMLToJSON([]byte(head + test.status))
			if err != nil {
				t.Fatal(err)
			}
			// kstatus reads the numbers as they come from the API server.
			if err := live.UnmarshalJSON(data); err != nil {
				t.Fatal(err)
			}
			if got := Of(live); got.Healthy != test.healthy || got.Mostly() != test.mostly || got.Version != 7 {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestBeingThereIsEnoughForPassiveKinds(t *testing.T) {
	for ref, want := range map[object.Ref]bool{
		{Kind: "ConfigMap"}: true, {Group: "rbac.authorization.k8s.io", Kind: "Role"}: true, {Kind: "Namespace"}: true,
		{Group: "apps", Kind: "DaemonSet"}: false, {Kind: "PersistentVolumeClaim"}: false, {Group: "example.com", Kind: "Widget"}: false,
	} {
		if Passive(ref) != want {
			t.Errorf("%v", ref)
		}
	}
}
