package turnup

import (
	"path/filepath"
	"testing"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/golden"
	"turnup.dev/kubectl-turnup/internal/graph"
	"turnup.dev/kubectl-turnup/internal/machines"
)

func TestAClusterIsDrawnAsTheGoldenFilesSay(t *testing.T) {
	hosts := machines.New("192.0.2.11:6443", []machines.Machine{
		{Name: "rack-a", Role: machines.ControlPlane, Address: "192.0.2.11"}, {Name: "rack-b.example", Role: machines.Worker, Address: "192.0.2.12"},
	})
	for name, settings := range map[string][]string{
		"local":     nil,
		"ha":        {"provision.control_planes=3", "provision.workers=9"},
		"baremetal": {"provision.platform=baremetal", "network.provider=bridge"},
		"aws": {"provision.platform=aws", "provision.control_planes=3", "provision.pools=gpu count=2 type=g5.xlarge",
			"addons.source=git", "addons.git.url=https://git.example.com/clusters.git"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config.Default()
			if err := config.Set(&cfg, settings...); err != nil {
				t.Fatal(err)
			}
			file := hosts
			if name != "baremetal" {
				var err error
				if file, err = planned(cfg).expectedMachines(); err != nil {
					t.Fatal(err)
				}
			}
			scene := sceneOf(cfg, file)
			known := map[string]bool{}
			for _, f := range scene.Frames {
				for _, id := range append([]string{f.ID}, ids(f.Boxes)...) {
					if known[id] {
						t.Errorf("%s is there twice", id)
					}
					known[id] = true
				}
			}
			for _, l := range scene.Links {
				if !known[l.From] || !known[l.To] {
					t.Errorf("a link leads from %s to %s", l.From, l.To)
				}
			}
			golden.Check(t, filepath.Join("testdata", "graph", name+".mmd"), graph.Mermaid(scene))
			golden.Check(t, filepath.Join("testdata", "graph", name+".svg"), graph.SVG(scene))
		})
	}
}

func ids(boxes []graph.Box) []string {
	var list []string
	for _, b := range boxes {
		list = append(list, b.ID)
	}
	return list
}
