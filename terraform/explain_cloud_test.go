package terraform

import (
	"errors"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/internal/ui"
)

// What people have reported that the providers and the clouds said.
func TestWhatCloudsComplainAboutIsSaidInOneSentence(t *testing.T) {
	for said, want := range map[string]struct{ means, hint string }{
		"No valid credential sources found: Please see https://registry.terraform.io/providers/hashicorp/aws for more information about providing credentials. Error: failed to refresh cached credentials, no EC2 IMDS role found": {
			"there are no credentials for AWS", "aws sso login"},
		"creating EC2 VPC: operation error EC2: CreateVpc, https response error StatusCode: 400, api error RequestExpired: Request has expired.": {
			"credentials for AWS have expired", "aws sso login"},
		"validating provider credentials: retrieving caller identity from STS: operation error STS: GetCallerIdentity, api error ExpiredToken: The security token included in the request is expired": {
			"credentials for AWS have expired", "AWS_PROFILE"},
		"operation error STS: GetCallerIdentity, api error InvalidClientTokenId: The security token included in the request is invalid.": {
			"AWS does not know the credentials", "AWS_ACCESS_KEY_ID"},
		"api error UnauthorizedOperation: You are not authorized to perform this operation.": {
			"do not allow it", "README"},
		"invalid AWS Region: moon-1": {"AWS has no such region", "provision.aws.region"},
		"creating EC2 Subnet: InvalidParameterValue: Value (us-west-1a) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: us-west-1b, us-west-1c.": {
			"AWS has no such zone in the region", "provision.aws.zones"},
		"creating EC2 Instance: operation error EC2: RunInstances, api error InvalidParameterValue: Invalid value 't9.huge' for InstanceType.": {
			"AWS does not have that type of instance there", "provision.aws.control_plane_type"},
		"api error Unsupported: Your requested instance type (g5.xlarge) is not supported in your requested Availability Zone (us-east-1e).": {
			"AWS does not have that type of instance there", "zones"},
		"creating EC2 Instance: VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket that the specified instance type belongs to.": {
			"a quota of the AWS account is used up", "Service Quotas"},
		"InsufficientInstanceCapacity: We currently do not have sufficient m5.large capacity in the Availability Zone you requested (us-east-1a).": {
			"no more machines of that type at the moment", "goes on from there"},

		"Attempted to load application default credentials since neither `credentials` nor `access_token` was set in the provider block. No credentials loaded. To use your gcloud credentials, run 'gcloud auth application-default login': google: could not find default credentials.": {
			"there are no credentials for Google Cloud", "gcloud auth application-default login"},
		`Error loading zone 'europe-north1-a': Get "https://compute.googleapis.com/compute/v1/projects/x/zones/europe-north1-a": oauth2: "invalid_grant" "Bad Request"`: {
			"credentials for Google Cloud have expired", "gcloud auth"},
		"oauth2: token expired and refresh token is not set": {"credentials for Google Cloud have expired", "gcloud auth"},
		"project: required field is not set":                 {"Google Cloud needs a project", "provision.gce.project"},
		"Error waiting for instance to create: Quota 'CPUS' exceeded. Limit: 8.0 in region us-east1.": {
			"a quota of the Google Cloud project is used up", "iam-admin/quotas"},
		"googleapi: Error 400: Invalid value for field 'resource.machineType': 'zones/us-central1-b/machineTypes/e9-huge'. The referenced resource does not exist., invalid": {
			"Google Cloud does not have that machine type there", "provision.gce.control_plane_type"},
		"googleapi: Error 400: Invalid value for field 'zone': 'us-east1'. Unknown zone., invalid": {
			"Google Cloud has no such region or zone", "provision.gce.zones"},
		"Error loading zone 'us-east1-a': googleapi: Error 404: The resource 'projects/p/zones/us-east1-a' was not found, notFound": {
			"Google Cloud has no such region or zone", "gcloud compute zones list"},
		"googleapi: Error 403: Compute Engine API has not been used in project 1234 before or it is disabled.": {
			"an API of Google Cloud switched off", "gcloud services enable"},
		"googleapi: Error 403: Required 'compute.networks.create' permission for 'projects/p/global/networks/turnup-demo', forbidden": {
			"do not allow it", "README"},
		"The zone 'projects/p/zones/europe-west2-c' does not have enough resources available to fulfill the request. Try a different zone, or try again later.": {
			"no more machines of that type at the moment", "another region or zones"},

		"unable to build authorizer for Resource Manager API: could not configure AzureCli Authorizer: obtaining tenant ID: running Azure CLI: exit status 1: ERROR: Please run 'az login' to setup account.": {
			"there are no credentials for Azure", "az login"},
		"building account: could not acquire access token to parse claims: running Azure CLI: exit status 1: ERROR: AADSTS70043: The refresh token has expired or is invalid due to sign-in frequency checks by conditional access.": {
			"credentials for Azure have expired", "az login"},
		"`subscription_id` is a required provider property when performing a plan/apply operation": {
			"Azure needs a subscription", "ARM_SUBSCRIPTION_ID"},
		"performing CreateOrUpdate: unexpected status 409 (409 Conflict) with error: SkuNotAvailable: The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: Standard_B2s' is currently not available in location 'eastus'.": {
			"Azure does not have that size of machine there at the moment", "provision.azure.control_plane_type"},
		"performing CreateOrUpdate: unexpected status 409 with error: OperationNotAllowed: Operation could not be completed as it results in exceeding approved Total Regional Cores quota.": {
			"a quota of the Azure subscription is used up", "Azure portal"},
		"AuthorizationFailed: The client 'x' does not have authorization to perform action 'Microsoft.Resources/subscriptions/resourcegroups/write'": {
			"do not allow it", "README"},
		"LocationNotAvailableForResourceGroup: The provided location 'moonwest' is not available for resource group.": {
			"Azure has no such region", "provision.azure.region"},
	} {
		err := (&failure{verb: "plan", dir: "/c/terraform", log: "/c/terraform/terraform.log", err: errors.New("exit status 1"),
			errors: []diagnostic{{Summary: said}}}).explain()
		if !strings.Contains(err.Error(), want.means) || !strings.Contains(err.Error(), said[:20]) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s\nis explained as %q, want %q", said, err, want.means)
		}
		if hint := ui.HintOf(err); !strings.Contains(hint, want.hint) {
			t.Errorf("%s\nhas the hint %q, want %q", said, hint, want.hint)
		}
	}
}

func TestWhatNobodyKnowsIsNotExplainedAway(t *testing.T) {
	for _, said := range []string{
		"docker_container.machine: Unable to create container: Conflict.",
		"googleapi: Error 403: Quota exceeded for quota group 'ReadGroup' and limit 'Read requests per user per 100 seconds', rateLimitExceeded",
		"creating EC2 VPC: context deadline exceeded",
	} {
		if err := ofCloud(said); err != nil {
			t.Errorf("%q is explained as %v", said, err)
		}
	}
}
