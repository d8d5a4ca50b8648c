package bootstrap

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/coreos/ignition/v2/config/util"
	ignition "github.com/coreos/ignition/v2/config/v3_4/types"
	"github.com/coreos/ignition/v2/config/validate"
)

// encode writes the Ignition config and has Ignition's own validator read it.
func encode(r renderer, name string, unit []byte) ([]byte, error) {
	cfg := ignition.Config{Ignition: ignition.Ignition{Version: ignition.MaxVersion.String()}}
	for _, d := range r.dirs {
		cfg.Storage.Directories = append(cfg.Storage.Directories, ignition.Directory{
			// Never overwritten: a directory on the node may hold data (etcd's).
			Node:               node(d, false),
			DirectoryEmbedded1: ignition.DirectoryEmbedded1{Mode: util.IntToPtr(d.Mode)},
		})
	}
	for _, f := range r.files {
		cfg.Storage.Files = append(cfg.Storage.Files, ignition.File{
			Node:          node(f, true),
			FileEmbedded1: ignition.FileEmbedded1{Mode: util.IntToPtr(f.Mode), Contents: resource(f.Content, r.in.Small)},
		})
	}
	one := ignition.Unit{Name: name, Enabled: util.BoolToPtr(true), Contents: util.StrToPtr(string(unit))}
	if r.in.Small {
		one.Contents = nil // a file like the others, packed
	}
	cfg.Systemd.Units = []ignition.Unit{one}
	data, err := json.MarshalIndent(cfg, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode Ignition config: %w", err)
	}
	if report := validate.ValidateWithContext(cfg, data); report.IsFatal() {
		return nil, fmt.Errorf("the rendered Ignition config is not valid:\n%s", report.String())
	}
	return append(data, '\n'), nil
}

// resource is a file's content: percent-encoded, not base64, so that people can
// read it. A small one is packed, but where Terraform has to find EndpointHost.
func resource(content []byte, small bool) ignition.Resource {
	if !small || bytes.Contains(content, []byte(EndpointHost)) {
		return ignition.Resource{Source: util.StrToPtr("data:," + url.PathEscape(string(content)))}
	}
	return ignition.Resource{
		Source:      util.StrToPtr("data:;base64," + base64.StdEncoding.EncodeToString(zipped(content))),
		Compression: util.StrToPtr("gzip"),
	}
}

func node(f File, overwrite bool) ignition.Node {
	n := ignition.Node{Path: f.Path, Overwrite: util.BoolToPtr(overwrite)}
	if f.UID != 0 {
		n.User = ignition.NodeUser{ID: util.IntToPtr(f.UID)}
		n.Group = ignition.NodeGroup{ID: util.IntToPtr(f.UID)}
	}
	return n
}
