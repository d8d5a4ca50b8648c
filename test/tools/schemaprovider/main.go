// Command schemaprovider is a Terraform provider for tests. It serves the real
// schema of a real provider, and plans and applies as a well-behaved one does,
// against a cloud that is a directory of files. So modules for clouds meet the
// names, types and rules of their provider on every computer.
//
// It is named and placed like the provider that it stands for; beside it lie
// schema.json.gz (what `terraform providers schema -json` printed there) and
// manners.json (what a schema cannot say). See README.md.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
)

// Environment variables of the tests: where the cloud is, and what goes wrong in it.
const (
	envWorld  = "SCHEMAPROVIDER_WORLD"
	envFaults = "SCHEMAPROVIDER_FAULTS"
)

func main() {
	if err := serve(filepath.Dir(os.Args[0])); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func serve(dir string) error {
	schemas, err := readSchemas(filepath.Join(dir, "schema.json.gz"))
	if err != nil {
		return err
	}
	manners, err := readManners(filepath.Join(dir, "manners.json"), schemas)
	if err != nil {
		return err
	}
	faults, err := readFaults(os.Getenv(envFaults))
	if err != nil {
		return err
	}
	p := &provider{schemas: schemas, manners: manners, faults: faults, world: world{dir: os.Getenv(envWorld)}}
	go dieWithParent()
	return tf5server.Serve(schemas.address, func() tfprotov5.ProviderServer { return p })
}

// dieWithParent ends this process when terraform was killed: nobody else would.
func dieWithParent() {
	for parent := os.Getppid(); os.Getppid() == parent; {
		time.Sleep(200 * time.Millisecond)
	}
	os.Exit(1)
}

// last is the last element of a dotted name.
func last(name string) string { return name[strings.LastIndex(name, ".")+1:] }
