package tree

import (
	"testing"

	"turnup.dev/kubectl-turnup/internal/config"
)

func TestFlannelsBackendIsWhatTheConfigSays(t *testing.T) {
	for want, network := range map[string]config.Network{
		`{"Type": "vxlan"}`:              {Flannel: config.Flannel{Backend: "vxlan"}},
		`{"Type": "vxlan", "MTU": 1420}`: {Flannel: config.Flannel{Backend: "vxlan"}, MTU: 1420},
		`{"Type": "host-gw"}`:            {Flannel: config.Flannel{Backend: "host_gw"}},
	} {
		if got := flannelBackend(config.Cluster{Network: network}); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
