package terraform

import (
	"fmt"
	"regexp"

	"turnup.dev/kubectl-turnup/internal/ui"
)

// complaint is what a provider says when something on the side of the cloud or
// of its owner is wrong, which no second run mends.
type complaint struct {
	said *regexp.Regexp
	// means says it in our words; hint is the way out.
	means, hint string
}

// What the ways out have in common.
const (
	loginAWS    = "log in with `aws sso login` or `aws configure`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
	loginGoogle = "log in with `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to the key file of a service account"
	loginAzure  = "log in with `az login` and set ARM_SUBSCRIPTION_ID, or set ARM_CLIENT_ID, ARM_CLIENT_SECRET, ARM_TENANT_ID and ARM_SUBSCRIPTION_ID"
	otherType   = "choose another with provision.%s.control_plane_type, worker_type or type= in provision.pools, or another region or zones"
	goOn        = "; what was made stays, and the same command again goes on from there"
)

// complaints are read from top to bottom: the first one that fits is it. The
// texts are those of hashicorp/aws 6, hashicorp/google 7 and hashicorp/azurerm 5
// and of the clouds behind them.
func complaints() []complaint {
	return []complaint{
		{regexp.MustCompile(`(?i)no valid credential sources? (for Terraform AWS Provider )?found|NoCredentialProviders|failed to refresh cached credentials, no EC2 IMDS role found`),
			"there are no credentials for AWS", loginAWS},
		{regexp.MustCompile(`ExpiredToken|RequestExpired|security token included in the request is expired|(?i)the SSO session has expired|InvalidGrantException`),
			"the credentials for AWS have expired", loginAWS},
		{regexp.MustCompile(`InvalidClientTokenId|AuthFailure|SignatureDoesNotMatch|UnrecognizedClientException`),
			"AWS does not know the credentials", loginAWS},
		{regexp.MustCompile(`UnauthorizedOperation|AccessDenied`),
			"the credentials for AWS do not allow it", "terraform/aws/README.md lists the permissions that are needed" + goOn},
		{regexp.MustCompile(`(?i)invalid AWS Region|InvalidRegion|no such host.*amazonaws\.com|lookup [a-z0-9.-]+\.amazonaws\.com`),
			"AWS has no such region", "set provision.aws.region to one of `aws ec2 describe-regions`"},
		{regexp.MustCompile(`parameter availabilityZone(Id)? is invalid|InvalidZone\.NotFound`),
			"AWS has no such zone in the region", "set provision.aws.zones to letters of zones that your account has there; their names are in the message"},
		{regexp.MustCompile(`InvalidInstanceType|InvalidParameterValue: Invalid value '[^']*' for InstanceType|Unsupported: (The requested configuration|Your requested instance type)|Unsupported: The instance configuration`),
			"AWS does not have that type of instance there", fmt.Sprintf(otherType, "aws")},
		{regexp.MustCompile(`VcpuLimitExceeded|InstanceLimitExceeded|MaxSpotInstanceCountExceeded|VpcLimitExceeded|AddressLimitExceeded|VolumeLimitExceeded`),
			"a quota of the AWS account is used up", "ask for more under Service Quotas in the AWS console, or make fewer or smaller machines" + goOn},
		{regexp.MustCompile(`InsufficientInstanceCapacity`),
			"AWS has no more machines of that type at the moment", fmt.Sprintf(otherType, "aws") + goOn},

		{regexp.MustCompile(`could not find default credentials|No credentials loaded`),
			"there are no credentials for Google Cloud", loginGoogle},
		{regexp.MustCompile(`oauth2: (token expired|"?invalid_grant)|invalid_rapt|Request had invalid authentication credentials`),
			"the credentials for Google Cloud have expired", loginGoogle},
		{regexp.MustCompile(`(?i)project: required field is not set|Failed to retrieve project`),
			"Google Cloud needs a project", "set provision.gce.project, or GOOGLE_PROJECT"},
		{regexp.MustCompile(`has not been used in project .* before or it is disabled|SERVICE_DISABLED|accessNotConfigured`),
			"the project has an API of Google Cloud switched off", "switch it on: `gcloud services enable compute.googleapis.com iam.googleapis.com cloudresourcemanager.googleapis.com`, and run the same command again"},
		{regexp.MustCompile(`Required '[a-z.A-Z]+' permission|IAM_PERMISSION_DENIED`),
			"the credentials for Google Cloud do not allow it", "terraform/gce/README.md lists the roles that are needed" + goOn},
		{regexp.MustCompile(`Invalid value for field 'resource\.machineType'|machineTypes/[a-z0-9-]+' was not found|Machine type with name '[^']*' does not exist`),
			"Google Cloud does not have that machine type there", fmt.Sprintf(otherType, "gce")},
		{regexp.MustCompile(`Invalid value for field '[a-zA-Z.]*(zone|region)'|zones/[a-z0-9-]+' was not found|regions/[a-z0-9-]+' was not found|Unknown (zone|region)`),
			"Google Cloud has no such region or zone", "set provision.gce.region and provision.gce.zones to some of `gcloud compute zones list`"},
		{regexp.MustCompile(`Quota '[A-Z0-9_]+' exceeded|QUOTA_EXCEEDED|quotaExceeded`),
			"a quota of the Google Cloud project is used up", "ask for more at https://console.cloud.google.com/iam-admin/quotas, or make fewer or smaller machines" + goOn},
		{regexp.MustCompile(`ZONE_RESOURCE_POOL_EXHAUSTED|does not have enough resources available to fulfill the request`),
			"Google Cloud has no more machines of that type at the moment", fmt.Sprintf(otherType, "gce") + goOn},

		{regexp.MustCompile(`subscription_id.{0,3} is a required provider property|subscription ID could not be determined`),
			"Azure needs a subscription", "set ARM_SUBSCRIPTION_ID: `az account show --query id --output tsv` prints the one you are logged in to"},
		{regexp.MustCompile(`AADSTS(70043|700082|50173|500133|700222)|refresh token has expired|ExpiredAuthenticationToken|InvalidAuthenticationToken`),
			"the credentials for Azure have expired", loginAzure},
		{regexp.MustCompile(`Please run 'az login'|could not configure AzureCli Authorizer|unable to build authorizer|building account|no Authorizer could be configured`),
			"there are no credentials for Azure", loginAzure},
		{regexp.MustCompile(`AuthorizationFailed|LinkedAuthorizationFailed`),
			"the credentials for Azure do not allow it", "terraform/azure/README.md lists the roles that are needed" + goOn},
		{regexp.MustCompile(`LocationNotAvailableForResource(Type|Group)|NoRegisteredProviderFound|is not a valid Azure location|was not found in the list of supported Azure Locations`),
			"Azure has no such region", "set provision.azure.region to one of `az account list-locations --output table`"},
		{regexp.MustCompile(`MissingSubscriptionRegistration|unable to list provider registration|registering Resource Provider`),
			"the subscription has a service of Azure switched off", "switch it on: `az provider register --namespace Microsoft.Compute` and Microsoft.Network, and run the same command again"},
		{regexp.MustCompile(`AvailabilityZoneNotSupported|InvalidAvailabilityZone|LocationNotSupportAvailabilityZones|ResourceTypeNotSupportAvailabilityZones`),
			"Azure has no such zone in the region", "set provision.azure.zones to numbers of zones that the region has, or choose another region"},
		{regexp.MustCompile(`OperationNotAllowed.*([Qq]uota|Cores)|QuotaExceeded|PublicIPCountLimitReached`),
			"a quota of the Azure subscription is used up", "ask for more under Quotas in the Azure portal, or make fewer or smaller machines" + goOn},
		{regexp.MustCompile(`SkuNotAvailable|ZonalAllocationFailed|OverconstrainedAllocationRequest|AllocationFailed`),
			"Azure does not have that size of machine there at the moment", fmt.Sprintf(otherType, "azure") + goOn},
		{regexp.MustCompile(`InvalidParameter: The value [A-Za-z0-9_.-]+ provided for the VM size is not valid|VMSizeNotSupported|The requested VM size`),
			"Azure does not have that size of machine there", fmt.Sprintf(otherType, "azure")},
	}
}

// ofCloud explains what a cloud said; nil if it is none of what we know.
func ofCloud(text string) error {
	for _, c := range complaints() {
		if c.said.MatchString(text) {
			return ui.Hint(fmt.Errorf("%s: %s", c.means, text), "%s", c.hint)
		}
	}
	return nil
}
