# What machines may do in AWS. A cloud controller and a CSI driver's controller
# run on control planes, on the host's network; nothing on a worker asks AWS.
locals {
  # What they make has to have this tag, and what they change has to have it already.
  made_as_owned    = { StringEquals = { "aws:RequestTag/kubernetes.io/cluster/${var.cluster_name}" = "owned" } }
  if_owned         = { StringEquals = { "aws:ResourceTag/kubernetes.io/cluster/${var.cluster_name}" = "owned" } }
  cloud_statements = concat(local.read_statements, local.service_statements, local.volume_statements)

  # Actions that only look know no condition.
  read_statements = [{
    Sid    = "Look"
    Effect = "Allow"
    Action = [
      "ec2:DescribeAvailabilityZones",
      "ec2:DescribeInstances",
      "ec2:DescribeInstanceTopology",
      "ec2:DescribeRegions",
      "ec2:DescribeRouteTables",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSnapshots",
      "ec2:DescribeSubnets",
      "ec2:DescribeTags",
      "ec2:DescribeVolumes",
      "ec2:DescribeVolumesModifications",
      "ec2:DescribeVolumeStatus",
      "ec2:DescribeVpcs",
      "elasticloadbalancing:DescribeListeners",
      "elasticloadbalancing:DescribeLoadBalancerAttributes",
      "elasticloadbalancing:DescribeLoadBalancerPolicies",
      "elasticloadbalancing:DescribeLoadBalancers",
      "elasticloadbalancing:DescribeTags",
      "elasticloadbalancing:DescribeTargetGroupAttributes",
      "elasticloadbalancing:DescribeTargetGroups",
      "elasticloadbalancing:DescribeTargetHealth",
    ]
    Resource = ["*"]
  }]

  # Load balancers of Services, and security groups for them.
  service_statements = [
    {
      Sid    = "MakeLoadBalancers"
      Effect = "Allow"
      Action = [
        "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:CreateTargetGroup",
      ]
      Resource  = ["*"]
      Condition = local.made_as_owned
    },
    {
      Sid    = "ChangeLoadBalancers"
      Effect = "Allow"
      Action = [
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:ApplySecurityGroupsToLoadBalancer",
        "elasticloadbalancing:AttachLoadBalancerToSubnets",
        "elasticloadbalancing:ConfigureHealthCheck",
        "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:CreateLoadBalancerListeners",
        "elasticloadbalancing:CreateLoadBalancerPolicy",
        "elasticloadbalancing:DeleteListener",
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:DeleteLoadBalancerListeners",
        "elasticloadbalancing:DeleteTargetGroup",
        "elasticloadbalancing:DeregisterInstancesFromLoadBalancer",
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:DetachLoadBalancerFromSubnets",
        "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:ModifyTargetGroup",
        "elasticloadbalancing:ModifyTargetGroupAttributes",
        "elasticloadbalancing:RegisterInstancesWithLoadBalancer",
        "elasticloadbalancing:RegisterTargets",
        "elasticloadbalancing:SetLoadBalancerPoliciesForBackendServer",
        "elasticloadbalancing:SetLoadBalancerPoliciesOfListener",
      ]
      Resource  = ["*"]
      Condition = local.if_owned
    },
    {
      Sid       = "MakeSecurityGroups"
      Effect    = "Allow"
      Action    = ["ec2:CreateSecurityGroup"]
      Resource  = ["arn:${data.aws_partition.current.partition}:ec2:*:*:security-group/*"]
      Condition = local.made_as_owned
    },
    {
      Sid      = "InThisNetworkOnly"
      Effect   = "Allow"
      Action   = ["ec2:CreateSecurityGroup"]
      Resource = [aws_vpc.cluster.arn]
    },
    {
      Sid    = "ChangeSecurityGroups"
      Effect = "Allow"
      Action = [
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:DeleteSecurityGroup",
        "ec2:RevokeSecurityGroupIngress",
      ]
      Resource  = ["*"]
      Condition = local.if_owned
    },
  ]

  # Volumes of pods. etcd's disks are not owned in this sense.
  volume_statements = [
    {
      Sid       = "MakeVolumes"
      Effect    = "Allow"
      Action    = ["ec2:CreateVolume", "ec2:CreateSnapshot"]
      Resource  = [for kind in ["volume", "snapshot"] : "arn:${data.aws_partition.current.partition}:ec2:*:*:${kind}/*"]
      Condition = local.made_as_owned
    },
    {
      Sid    = "ChangeVolumes"
      Effect = "Allow"
      Action = [
        "ec2:AttachVolume",
        "ec2:CreateSnapshot",
        "ec2:CreateVolume", # from a snapshot
        "ec2:DeleteSnapshot",
        "ec2:DeleteVolume",
        "ec2:DetachVolume",
        "ec2:ModifyVolume",
      ]
      Resource  = ["*"]
      Condition = local.if_owned
    },
    {
      Sid      = "TagWhatIsMade"
      Effect   = "Allow"
      Action   = ["ec2:CreateTags"]
      Resource = [for kind in ["security-group", "snapshot", "volume"] : "arn:${data.aws_partition.current.partition}:ec2:*:*:${kind}/*"]
      Condition = {
        StringEquals = {
          "ec2:CreateAction" = ["CreateSecurityGroup", "CreateSnapshot", "CreateVolume"]
        }
      }
    },
  ]
}

data "aws_partition" "current" {}

# The worker's role may do nothing. It is there for you to grant what your pods need.
resource "aws_iam_role" "role" {
  for_each    = toset(["control-plane", "worker"])
  name        = "${var.cluster_name}-${var.region}-${each.key}" # roles are of the account, not of a region
  description = "Machines of the cluster ${var.cluster_name}: ${each.key}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "control_plane" {
  name = "cloud-controller-and-csi"
  role = aws_iam_role.role["control-plane"].name

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.cloud_statements
  })
}

resource "aws_iam_instance_profile" "role" {
  for_each = aws_iam_role.role
  name     = each.value.name
  role     = each.value.name
}
