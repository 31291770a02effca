#!/usr/bin/perl
# read-strict.pl PORT GROUP: what Perl's own Net::NNTP knows of a group of four articles on 127.0.0.1, whose server knows the
# old names of commands only, and refuses one more group, one list and one article. Dies of the first surprise.
use strict;
use warnings;
use Net::NNTP;

my ($port, $group) = @ARGV;
my $news = Net::NNTP->new("127.0.0.1", Port => $port, Timeout => 30) or die "no greeting: $@\n";
sub surprised { die "$_[0]: ", $news->code, " ", $news->message }

# Each refusal is one answer, and the session goes on.
for (1 .. 3) {
  !$news->group("local.x") && $news->code == 411 or surprised("group that wants a login");
  !$news->active("local.*") && $news->code == 503 or surprised("list that is not kept");
  !$news->body("<no-domain>") && $news->code == 430 or surprised("malformed message-id");
}
my ($count, $first, $last, $name) = $news->group($group) or surprised("group");
$name eq $group && $count == 4 or die "group: $count $first $last $name\n";
my $overview = $news->xover([$first, $last]) or surprised("xover");
my $subjects = $news->xhdr("Subject", [$first, $last]) or surprised("xhdr");
for my $number ($first .. $last) {
  my ($subject, undef, undef, $id) = @{ $overview->{$number} };
  $subjects->{$number} eq $subject or die "xhdr: $subjects->{$number}\n";
  my $article = join "", @{ $news->article($number) or surprised("article") };
  my $body = join "", @{ $news->body($id) or surprised("body by id") };
  substr($article, -length $body) eq $body or die "the body of $id differs\n";
}
$news->quit or surprised("quit");
print "read $count articles\n";
