package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPoolsAreReadFromOneText(t *testing.T) {
	c := Default()
	if err := Set(&c, "provision.platform=aws", "provision.workers=3",
		"provision.pools=gpu count=1 type=g5.xlarge spot labels=a=b,c= taints=gpu=yes:NoSchedule; big count=0 type=m7i.xlarge disk=200;"); err != nil {
		t.Fatal(err)
	}
	got, err := WorkerPools(c)
	if err != nil {
		t.Fatal(err)
	}
	want := []Pool{
		{Name: "worker", Count: 3, Type: "t3.large", Disk: 50},
		{Name: "gpu", Count: 1, Type: "g5.xlarge", Disk: 50, Spot: true,
			Labels: map[string]string{"a": "b", "c": ""}, Taints: []string{"gpu=yes:NoSchedule"}},
		{Name: "big", Type: "m7i.xlarge", Disk: 200, Labels: map[string]string{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if pools, err := WorkerPools(Default()); pools != nil || err != nil {
		t.Errorf("a local cluster has pools: %v, %v", pools, err)
	}
}

func TestAWrongPoolSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"GPU count=1 type=a":                `"GPU" is no name of a pool (a-z, 0-9 and -, at most 15)`,
		"worker count=1 type=a":             "two pools are named worker",
		"a count=1 type=a;a count=1 type=a": "two pools are named a",
		"a type=a":                          "pool a: count=N is missing",
		"a count=1":                         "pool a: type=TYPE is missing",
		"a count=x type=a":                  `pool a: "x" is no number from 0 to 1000`,
		"a count=1 type=a disk=5":           `pool a: "5" is no number from 20 to 16384`,
		"a count=1 type=a spot=no":          "pool a: spot takes no value",
		"a count=1 type=a labels=x":         `pool a: "x" is no label K=V`,
		"a count=1 type=a taints=x=y":       `pool a: "x=y" is no taint K=V:EFFECT`,
		"a count=1 type=a sport":            `pool a: "sport" is none of count=, type=, disk=, spot, labels=, taints=`,
	} {
		if _, err := ParsePools(text); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
