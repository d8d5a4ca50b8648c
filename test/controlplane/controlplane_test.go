package controlplane

import (
	"testing"
)

func TestTheAPIServerComesBackAtTheSameAddress(t *testing.T) {
	cluster := Start(t, Options{EtcdQuota: 32 << 20, FeatureGates: []string{"AllAlpha=false"}, APIServerArgs: []string{"--v=0"}})
	const name = "kube-apiserver"
	for what, stop := range map[string]func(string) error{"killed": cluster.Kill, "asked to stop": cluster.Terminate} {
		t.Run(what, func(t *testing.T) {
			before := cluster.PID(name)
			if err := stop(name); err != nil {
				t.Fatal(err)
			}
			if err := cluster.ready(); err == nil {
				t.Fatal("it answers while it is stopped")
			}
			if err := cluster.Restart(name); err != nil {
				t.Fatal(err)
			}
			if after := cluster.PID(name); after == before || after == 0 {
				t.Fatalf("pid %d became %d", before, after)
			}
		})
	}
	t.Run("full, and empty again", func(t *testing.T) {
		if err := cluster.Fill(); err != nil {
			t.Fatal(err)
		}
		if err := cluster.Etcd("kv/put", map[string]any{"key": []byte("x"), "value": []byte("y")}, nil); err == nil {
			t.Fatal("etcd takes writes still")
		}
		if err := cluster.Empty(); err != nil {
			t.Fatal(err)
		}
		if err := cluster.Etcd("kv/put", map[string]any{"key": []byte("x"), "value": []byte("y")}, nil); err != nil {
			t.Fatal(err)
		}
	})
}
